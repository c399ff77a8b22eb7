// Features of several layers in one run, and gradients of a function of them against finite differences in
// double precision.
#include "reference_network.hpp"

#include "model/seeded_weights.hpp"

#include <compiled/odd_features.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

using namespace vggen;
using namespace vggen::test;

namespace {

using odd = compiled::odd_features;
using net = odd::gradients::network;
constexpr int batch = net::batch;

// The loss is the sum of factor * value + value² / 4 over all elements of all features; the factors are
// random.
constexpr std::array feature_names{"conv1_1", "pool1", "conv2_1", "conv2_2", "fc3"};

int layer_of(std::size_t feature) { return find_layer<net>(feature_names.at(feature)); }
// Where the reference has a feature: after the relu.
int storing_layer_of(std::size_t feature) { return detail::storing_layer<net>(layer_of(feature)); }

struct features_in_double {
  tensor input;
  std::vector<std::vector<double>> parameters;
  std::vector<std::vector<float>> factors; // of each feature, [n][y][x][c]

  features_in_double() {
    const seeded_parameters<net> seeded;
    for (const auto &values : seeded.tensors)
      parameters.emplace_back(values.begin(), values.end());
    constexpr shape in = layer_infos<net>[0].output;
    input = tensor(batch, in.height, in.width, in.channels);
    const auto nchw = seeded_input<net>();
    std::size_t next = 0;
    for (int n = 0; n < batch; ++n)
      for (int c = 0; c < in.channels; ++c)
        for (int y = 0; y < in.height; ++y)
          for (int x = 0; x < in.width; ++x)
            input(n, y, x, c) = nchw[next++];
    for (std::size_t f = 0; f < feature_names.size(); ++f) {
      const auto &info = layer_infos<net>[static_cast<std::size_t>(layer_of(f))];
      factors.emplace_back(static_cast<std::size_t>(info.output.size() * batch));
      fill_uniform(factors.back(), 1.f, 1, random_stream::test_input, static_cast<std::uint32_t>(10 + f));
    }
  }

  // The loss if element `element` of feature `changed` were larger by `change`; feature -1: of the input.
  double loss(int changed, std::size_t element, double change) const {
    tensor from = input;
    if (changed < 0) from.values[element] += change;
    double sum = 0;
    run_reference<net>(
        from, parameters, [](tensor values, const layer_info &) { return values; },
        [](const tensor &, const layer_info &, std::size_t) {
          return std::vector<double>();
        }, // has no batch norm
        [&](const layer_info &layer, tensor &values) {
          for (std::size_t f = 0; f < feature_names.size(); ++f) {
            if (layer.index != storing_layer_of(f)) continue;
            if (changed == static_cast<int>(f)) values.values[element] += change;
            for (std::size_t e = 0; e < values.values.size(); ++e)
              sum += factors[f][e] * values.values[e] + values.values[e] * values.values[e] / 4;
          }
        });
    return sum;
  }

  // How far gradients [n][y][x][c] are from finite differences, as a share of the largest.
  double gradient_error(int of, const activation_view &found) const {
    REQUIRE(found.data != nullptr);
    constexpr double step = 1e-5;
    const shape &extent = found.extent;
    double largest = 0, difference = 0;
    const auto size = static_cast<std::size_t>(found.size());
    const std::size_t stride = std::max<std::size_t>(1, size / 60) | 1u;
    for (std::size_t e = 0; e < size; e += stride) {
      const double expected = (loss(of, e, step) - loss(of, e, -step)) / (2 * step);
      const auto channels = static_cast<std::size_t>(extent.channels),
                 width = static_cast<std::size_t>(extent.width),
                 height = static_cast<std::size_t>(extent.height);
      const double value =
          found.at(static_cast<int>(e / (channels * width * height)), static_cast<int>(e % channels),
                   static_cast<int>(e / (channels * width) % height), static_cast<int>(e / channels % width));
      largest = std::max(largest, std::abs(expected));
      difference = std::max(difference, std::abs(expected - value));
    }
    REQUIRE(largest > 0);
    return difference / largest;
  }
};

// A context after forward() with the losses' gradients in place.
struct prepared {
  odd::gradients context;
  seeded_parameters<net> parameters;
  std::vector<float> input = seeded_input<net>();

  explicit prepared(int threads) {
    REQUIRE(context.prepare({.threads = threads}) == status::ok);
    REQUIRE(context.assign(parameters.pointers) == status::ok);
  }

  void forward(const features_in_double &reference) {
    REQUIRE(context.set_input(input.data()) == status::ok);
    REQUIRE(context.forward() == status::ok);
    for (std::size_t f = 0; f < feature_names.size(); ++f) {
      const activation_view feature = context.output_of(layer_of(f));
      const std::span<float> gradient = context.loss_gradient(layer_of(f));
      REQUIRE(gradient.size() == static_cast<std::size_t>(feature.size()));
      std::size_t e = 0;
      for (int n = 0; n < batch; ++n)
        for (int y = 0; y < feature.extent.height; ++y)
          for (int x = 0; x < feature.extent.width; ++x)
            for (int c = 0; c < feature.extent.channels; ++c, ++e)
              gradient[e] = reference.factors[f][e] + feature.at(n, c, y, x) / 2;
    }
  }
};

} // namespace

TEST_CASE("gradients at the input and at every feature are what finite differences are") {
  const features_in_double reference;
  prepared p(2);
  for (int run = 0; run < 2; ++run) { // the second one finds the first one's gradients in memory
    p.forward(reference);
    REQUIRE(p.context.backward() == status::ok);
    CHECK(reference.gradient_error(-1, p.context.input_gradient()) < 1e-5);
    for (std::size_t f = 0; f < feature_names.size(); ++f) {
      INFO(feature_names.at(f));
      CHECK(reference.gradient_error(static_cast<int>(f), p.context.gradient_of(layer_of(f))) < 1e-5);
    }
  }
}

TEST_CASE("gradients are the same bits on any number of threads") {
  const features_in_double reference;
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    prepared p(threads);
    p.forward(reference);
    REQUIRE(p.context.backward() == status::ok);
    const auto found = values_of(p.context.input_gradient());
    if (first.empty()) first = found;
    CHECK(found == first);
  }
}

TEST_CASE("a feature whose loss has no gradient passes on what comes from later ones") {
  prepared p(1);
  REQUIRE(p.context.set_input(p.input.data()) == status::ok);
  REQUIRE(p.context.forward() == status::ok);
  p.context.clear_loss_gradients();
  REQUIRE(p.context.backward() == status::ok);
  CHECK(std::ranges::all_of(values_of(p.context.input_gradient()), [](float v) { return v == 0; }));
  REQUIRE(p.context.forward() == status::ok);
  p.context.loss_gradient(find_layer<net>("fc3"))[0] = 1; // of the first image alone
  REQUIRE(p.context.backward() == status::ok);
  const auto found = values_of(p.context.input_gradient());
  const auto first = found.begin() + static_cast<std::ptrdiff_t>(found.size()) / batch;
  CHECK(std::any_of(found.begin(), first, [](float v) { return v != 0; }));
  CHECK(std::all_of(first, found.end(), [](float v) { return v == 0; }));
}

TEST_CASE("features and gradients are only those of features, after what they need") {
  odd::gradients context;
  const seeded_parameters<net> parameters;
  const auto input = seeded_input<net>();
  CHECK(context.assign(parameters.pointers) == status::not_ready);
  CHECK(context.set_input(input.data()) == status::not_ready);
  REQUIRE(context.prepare({.threads = 1}) == status::ok);
  CHECK(context.prepare({.threads = -1}) == status::invalid_argument);
  REQUIRE(context.prepare({.threads = 1}) == status::ok);
  CHECK(context.forward() == status::not_ready);
  CHECK(context.backward() == status::not_ready);

  auto some = parameters.pointers;
  some.back() = nullptr; // of fc4, behind the last feature
  CHECK(context.assign(some) == status::ok);
  some.front() = nullptr;
  CHECK(context.assign(some) == status::invalid_argument);
  CHECK(context.forward() == status::not_ready);

  for (const int layer : {-1, 0, find_layer<net>("norm1_1"), find_layer<net>("fc4"), 1000}) {
    CHECK(context.loss_gradient(layer).empty());
    CHECK(context.output_of(layer).data == nullptr);
    CHECK(context.gradient_of(layer).data == nullptr);
  }
  // a layer and the relu after it, or the dropout, are one feature
  CHECK(context.loss_gradient(find_layer<net>("relu1_1")).data() ==
        context.loss_gradient(find_layer<net>("conv1_1")).data());
  CHECK(context.loss_gradient(find_layer<net>("drop1")).data() ==
        context.loss_gradient(find_layer<net>("pool1")).data());
}

TEST_CASE("one run of inference leaves all features to be looked at") {
  odd::weights weights;
  const seeded_parameters<net> parameters;
  REQUIRE(weights.assign(parameters.pointers, {.features = true}) == status::ok);
  odd::context<> all, single;
  prepared gradients(1);
  REQUIRE(all.prepare({.threads = 1}) == status::ok);
  REQUIRE(single.prepare({.threads = 1}) == status::ok);
  // whatever a kernel does not write is seen
  std::ranges::fill(
      std::span(reinterpret_cast<float *>(all.arena().data()), all.arena().size() / sizeof(float)),
      std::numeric_limits<float>::quiet_NaN());
  const auto input = seeded_input<net>();
  REQUIRE(all.set_input(input.data()) == status::ok);
  REQUIRE(all.forward(weights) == status::ok);
  REQUIRE(gradients.context.set_input(input.data()) == status::ok);
  REQUIRE(gradients.context.forward() == status::ok);
  for (const std::string_view name : feature_names) {
    INFO(name);
    const int layer = find_layer<net>(name);
    REQUIRE(single.set_input(input.data()) == status::ok);
    REQUIRE(single.forward_to(weights, layer) == status::ok);
    CHECK(values_of(all.output_of(layer)) == values_of(single.output_of(layer)));
    CHECK(values_of(all.output_of(layer)) == values_of(gradients.context.output_of(layer)));
  }
}
