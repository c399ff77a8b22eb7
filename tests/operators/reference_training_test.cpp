// The reference of training: gradients against finite differences of the forward reference, and what has no
// gradient by hand.
#include "expected_outputs.hpp"
#include "random_operands.hpp"
#include "reference_batch_norm.hpp"
#include "reference_training.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace vggen::test;
using vggen::direction;
using vggen::operation;

vggen::signature signature_of(std::string_view text) {
  const auto parsed = vggen::parse_signature(text);
  REQUIRE(parsed);
  return *parsed;
}

const array &content(const std::vector<expected_output> &outputs, std::string_view name) {
  const auto found = std::ranges::find(outputs, name, &expected_output::name);
  REQUIRE(found != outputs.end());
  return found->content;
}

// Holds a gradient against finite differences of `loss` as `values` change by `step`, each by itself.
void check_gradient(const std::vector<double> &gradient, std::vector<double> &values, double step,
                    const std::function<double()> &loss) {
  REQUIRE(gradient.size() == values.size());
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    values[i] = value + step;
    const double above = loss();
    values[i] = value - step;
    const double below = loss();
    values[i] = value;
    const double expected = (above - below) / (2 * step);
    largest = std::max(largest, std::abs(expected));
    difference = std::max(difference, std::abs(expected - gradient[i]));
  }
  CHECK(largest > 0);
  CHECK(difference <= 1e-8 * largest + 1e-11); // what rounding leaves of a small loss
}

// Σ output_gradient * output of the layer whose backward kernel that is
double weighted_output(const vggen::signature &backward, const operands &values) {
  vggen::signature forward = backward;
  forward.dir = direction::forward;
  forward.relu = false;
  const tensor output = expected_output_of(forward, values);
  return std::transform_reduce(output.values.begin(), output.values.end(),
                               values.output_gradient.values.begin(), 0.0);
}

// What went into the relu that the input came out of, if it did; and of equal inputs of a max-pool's window
// the first is the largest by a little, as the rule of ties has it. So there is a gradient at that place.
tensor without_kinks(const vggen::signature &kernel, tensor input) {
  for_each_element(input, [&](int n, int y, int x, int c) {
    double &value = input(n, y, x, c);
    if (kernel.op == operation::max_pool || kernel.op == operation::adaptive_max_pool)
      value -= 1e-3 * (x + input.width * y);
    if (kernel.relu && value <= 0) value = -0.5;
  });
  return input;
}

void check_backward_data(std::string_view text) {
  CAPTURE(std::string(text));
  const vggen::signature kernel = signature_of(text);
  operands values = random_operands(kernel);
  if (kernel.op == operation::batch_norm) complete_batch_norm(values); // not rounded
  const array gradient = content(expected_outputs(kernel, values), "input gradient");
  tensor before = without_kinks(kernel, values.input);
  const double step = kernel.op == operation::local_response_norm ? 1e-2 : 1e-5; // its inputs are large
  check_gradient(gradient.values, before.values, step, [&] {
    values.input = before;
    if (kernel.relu)
      for (double &value : values.input.values)
        value = std::max(value, 0.0);
    return weighted_output(kernel, values);
  });
}

void check_backward_weights(std::string_view text) {
  CAPTURE(std::string(text));
  const vggen::signature kernel = signature_of(text);
  operands values = random_operands(kernel);
  const auto gradients = expected_outputs(kernel, values);
  const auto loss = [&] { return weighted_output(kernel, values); };
  check_gradient(content(gradients, "weight gradient").values, values.weights.values, 1e-5, loss);
  check_gradient(content(gradients, "bias gradient").values, values.bias, 1e-5, loss);
}

} // namespace

TEST_CASE("gradients of inputs are what finite differences are") {
  for (const std::string_view text : {"conv3x3.backward-data n1 1x1 c1 k1 f32",
                                      "conv3x3.backward-data n2 3x4 c3 k2 f32",
                                      "conv3x3.backward-data n2 2x3 c2 k3 relu out-halo f32",
                                      "conv1x1.backward-data n2 2x3 c3 k4 f32",
                                      "conv1x1.backward-data n1 3x2 c4 k3 relu out-halo f32",
                                      "fully_connected.backward-data n3 1x1 c5 k4 f32",
                                      "fully_connected.backward-data n2 1x1 c7 k3 relu f32",
                                      "max_pool.backward-data n1 2x2 c1 f32",
                                      "max_pool.backward-data n2 5x7 c3 f32",
                                      "max_pool.backward-data n2 4x5 c2 relu f32",
                                      "adaptive_average_pool.backward-data n2 5x3 c2 f2x2 f32",
                                      "adaptive_average_pool.backward-data n1 2x3 c2 f4x3 relu f32",
                                      "adaptive_max_pool.backward-data n2 5x3 c2 f2x2 f32",
                                      "adaptive_max_pool.backward-data n1 2x3 c2 f4x3 relu f32",
                                      "batch_norm.backward-data n1 1x3 c1 f32",
                                      "batch_norm.backward-data n3 2x3 c2 f32",
                                      "batch_norm.backward-data n2 2x2 c3 relu f32",
                                      "local_response_norm.backward-data n1 1x1 c1 f32",
                                      "local_response_norm.backward-data n2 2x2 c3 f32",
                                      "local_response_norm.backward-data n1 2x1 c9 relu f32",
                                      "flatten.backward-data n2 2x3 c4 f32",
                                      "flatten.backward-data n1 3x2 c2 relu f32",
                                      "dropout.backward-data n2 2x3 c5 f32",
                                      "dropout.backward-data n1 3x3 c3 relu out-halo f32"})
    check_backward_data(text);
}

TEST_CASE("gradients of weights and bias are what finite differences are") {
  for (const std::string_view text :
       {"conv3x3.backward-weights n1 1x1 c1 k1 bias f32", "conv3x3.backward-weights n2 3x4 c3 k2 bias f32",
        "conv3x3.backward-weights n3 2x1 c2 k5 bias f32", "conv1x1.backward-weights n2 3x4 c3 k2 bias f32",
        "fully_connected.backward-weights n3 1x1 c5 k4 bias f32"})
    check_backward_weights(text);
}

TEST_CASE("gradients of a batch norm's scale and shift are what finite differences are") {
  for (const std::string_view text :
       {"batch_norm.backward-weights n1 1x3 c1 f32", "batch_norm.backward-weights n4 2x3 c2 f32"})
    for (int set = 0; set < operand_sets(signature_of(text)); ++set) {
      CAPTURE(std::string(text));
      const vggen::signature kernel = signature_of(text);
      operands values = random_operands(kernel, set);
      complete_batch_norm(values);
      const auto gradients = expected_outputs(kernel, values);
      const auto loss = [&] { return weighted_output(kernel, values); };
      check_gradient(content(gradients, "scale gradient").values, values.norm.scale, 1e-5, loss);
      check_gradient(content(gradients, "shift gradient").values, values.norm.shift, 1e-5, loss);
    }
}

TEST_CASE("images that do not count have no part in a batch norm's statistics, nor a gradient") {
  const vggen::signature kernel = signature_of("batch_norm.backward-data n4 2x3 c2 f32");
  operands values = random_operands(kernel, 1);
  REQUIRE(values.norm.images == 2);
  const auto before = expected_outputs(kernel, values);
  const std::size_t counted = values.input.values.size() / 2;
  const tensor of_counted = batch_norm_backward(values.output_gradient, values.input, values.norm);
  CHECK(std::all_of(of_counted.values.begin() + static_cast<std::ptrdiff_t>(counted), of_counted.values.end(),
                    [](double v) { return v == 0; }));
  const auto statistics = batch_statistics(values.input, 2);
  for (std::size_t i = counted; i < values.input.values.size(); ++i)
    values.input.values[i] += 100;
  CHECK(batch_statistics(values.input, 2) == statistics);
  CHECK(content(expected_outputs(kernel, values), "input gradient").values ==
        content(before, "input gradient").values);
}

TEST_CASE("the gradient of the loss is what finite differences are") {
  for (const std::string_view text :
       {"cross_entropy.forward n1 1x1 c2 f32", "cross_entropy.forward n5 1x1 c7 f32"})
    for (int set = 0; set < operand_sets(signature_of(text)); ++set) {
      operands values = random_operands(signature_of(text), set);
      if (std::ranges::all_of(values.labels, [](std::int32_t label) { return label < 0; })) continue;
      CAPTURE(values.note);
      const auto gradient =
          cross_entropy_backward(values.input, values.labels, values.smoothing, values.loss_weight);
      check_gradient(gradient.values, values.input.values, 1e-5, [&] {
        const auto losses = cross_entropy(values.input, values.labels, values.smoothing);
        return values.loss_weight * std::accumulate(losses.begin(), losses.end(), 0.0);
      });
    }
}

TEST_CASE("the gradient of squared distances is what finite differences are") {
  for (const std::string_view text :
       {"squared_error.forward n1 1x1 c4 k4 f32", "squared_error.forward n5 1x1 c12 k4 f32"})
    for (int set = 0; set < operand_sets(signature_of(text)); ++set) {
      operands values = random_operands(signature_of(text), set);
      CAPTURE(values.note);
      const auto gradient =
          squared_error_backward(values.input, values.targets, values.labels, values.loss_weight);
      check_gradient(gradient.values, values.input.values, 1e-5, [&] {
        const auto losses = squared_error(values.input, values.targets, values.labels);
        return values.loss_weight * std::accumulate(losses.begin(), losses.end(), 0.0);
      });
    }
}

TEST_CASE("squared distances by hand") {
  tensor values(3, 1, 1, 4); // two classes of two numbers
  values.values = {1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9};
  const std::vector<double> targets{0, 0, 1, 1, 2, 2};
  const std::vector<std::int32_t> labels{0, 1, -1};
  CHECK(squared_error(values, targets, labels) == std::vector<double>{2.5, 42.5, 0});
  CHECK(squared_error_backward(values, targets, labels, 2).values ==
        std::vector<double>{2, 4, 0, 0, 0, 0, 12, 14, 0, 0, 0, 0});
}

TEST_CASE("the first of a window's largest takes the gradient, and an odd end takes none") {
  tensor input(1, 3, 5, 1), gradient(1, 1, 2, 1);
  input.values = {1, 2, 0, 0, 9, 2, 2, 0, 0, 9, 9, 9, 9, 9, 9};
  gradient.values = {3, 4};
  CHECK(max_pool_backward(gradient, input).values ==
        std::vector<double>{0, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  // a relu before it undoes what came out of it as zero
  CHECK(relu_backward(max_pool_backward(gradient, input), input).values ==
        std::vector<double>{0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("dropout drops its share and keeps the mean") {
  tensor ones(1, 100, 100, 10);
  std::ranges::fill(ones.values, 1);
  const vggen::dropout_draw draw{.probability = 0.25f, .seed = 42, .step = 3, .layer = 1};
  const tensor kept = dropout(ones, draw);
  const auto dropped = std::ranges::count(kept.values, 0.0);
  CHECK(std::abs(static_cast<double>(dropped) - 25'000) < 500); // 3.7 standard deviations
  CHECK(std::ranges::count(kept.values, 4.0 / 3) == 100'000 - dropped);
  CHECK(dropout(ones, draw).values == kept.values);
  for (const vggen::dropout_draw &other :
       {vggen::dropout_draw{0.25f, 43, 3, 1}, {0.25f, 42, 4, 1}, {0.25f, 42, 3, 2}})
    CHECK(dropout(ones, other).values != kept.values);
  CHECK(dropout(ones, {.probability = 0, .seed = 42}).values == ones.values);
}

TEST_CASE("the loss by hand") {
  tensor logits(3, 1, 1, 2);
  logits.values = {0, std::log(3.0), 1000, 1000, 5, 7}; // shares 1/4 and 3/4; 1/2 each
  const std::vector<std::int32_t> labels{0, 1, -1};
  auto losses = cross_entropy(logits, labels, 0);
  CHECK(losses[0] == doctest::Approx(std::log(4.0)));
  CHECK(losses[1] == doctest::Approx(std::log(2.0)));
  CHECK(losses[2] == 0);
  losses = cross_entropy(logits, labels, 0.5); // targets 3/4 and 1/4
  CHECK(losses[0] == doctest::Approx(0.75 * std::log(4.0) + 0.25 * std::log(4.0 / 3)));
  const tensor gradient = cross_entropy_backward(logits, labels, 0.5, 8);
  const std::vector<double> expected{
      8 * (0.25 - 0.75), 8 * (0.75 - 0.25), 8 * (0.5 - 0.25), 8 * (0.5 - 0.75), 0, 0};
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(gradient.values[i] == doctest::Approx(expected[i]));
}

TEST_CASE("sgd by hand") {
  // d = 2 * 3 + 0.5 * 4 = 8; momentum = 0.25 * 16 + 8 = 12
  vggen::sgd_arguments update{
      .learning_rate = 0.5f, .momentum = 0.25f, .weight_decay = 0.5f, .gradient_scale = 2};
  sgd_result result = sgd({3}, {4}, {16}, update);
  CHECK(result.momenta == std::vector<double>{12});
  CHECK(result.parameters == std::vector<double>{4 - 0.5 * 12});
  update.nesterov = true;
  result = sgd({3}, {4}, {16}, update);
  CHECK(result.momenta == std::vector<double>{12});
  CHECK(result.parameters == std::vector<double>{4 - 0.5 * (8 + 0.25 * 12)});
}

TEST_CASE("random operands have what kernels of training may get wrong") {
  const auto input_of = [](const char *text) { return random_operands(signature_of(text)).input.values; };
  const auto after_relu = input_of("conv3x3.backward-data n2 5x7 c10 k5 relu f32");
  CHECK(std::ranges::count(after_relu, 0.0) > 200); // of 700
  CHECK(std::ranges::count_if(after_relu, [](double v) { return v > 0; }) > 200);
  CHECK(std::ranges::min(after_relu) == 0);
  CHECK(std::ranges::all_of(after_relu, [](double v) { return static_cast<float>(v) == v; }));
  CHECK(std::ranges::min(input_of("conv3x3.backward-data n2 5x7 c10 k5 f32")) < -0.9);
  const auto quantised = input_of("max_pool.backward-data n2 5x7 c3 f32");
  for (const double value : quantised)
    CHECK(value * 4 == std::round(value * 4));
  const operands losses = random_operands(signature_of("cross_entropy.forward n5 1x1 c10 f32"), 1);
  CHECK(std::ranges::count(losses.labels, -1) == 2);
  CHECK(std::ranges::max(losses.labels) < 10);
  const operands updated = random_operands(signature_of("sgd.forward n1 1x1 c1 f32"));
  CHECK(updated.gradients.size() == 1'000'003);
  CHECK(updated.parameters != updated.momenta);
}
