#include "random_operands.hpp"

#include "reference_batch_norm.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vggen::test {

namespace {

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers with every standard library.
class random_values {
public:
  explicit random_values(std::string_view seed) {
    for (const char c : seed) // FNV-1a
      state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }

  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// In [centre - radius, centre + radius], as a float.
  double around(double centre, double radius) {
    const double unit = static_cast<double>(bits() >> 40) / (1 << 23) - 1;
    return static_cast<float>(centre + radius * unit);
  }
  void fill(std::vector<double> &values, double centre, double radius) {
    for (double &value : values)
      value = around(centre, radius);
  }

private:
  std::uint64_t state_ = 0xcbf29ce484222325u;
};

// The input of a layer. A backward kernel whose input came out of a relu sees no negative values, and zeros.
tensor random_input(const signature &kernel, random_values &random) {
  tensor input(kernel.batch, kernel.height, kernel.width, kernel.channels);
  switch (kernel.op) {
  case operation::preprocess:
    for (double &pixel : input.values)
      pixel = static_cast<double>(random.bits() >> 56);
    break;
  case operation::softmax:
  case operation::cross_entropy: // exp(95) is no float: a kernel must subtract the largest
    random.fill(input.values, 100, 5);
    break;
  case operation::local_response_norm: // among small values the sum of squares would vanish beside k
    random.fill(input.values, 0, 300);
    break;
  case operation::batch_norm: // a mean that a variance from a sum of squares would lose digits to
    random.fill(input.values, 3, 1);
    break;
  default:
    random.fill(input.values, 0, 1);
  }
  if (kernel.dir == direction::forward) return input;
  if (kernel.op == operation::max_pool ||
      kernel.op ==
          operation::adaptive_max_pool) { // few values, many ties: of several largest one takes the gradient
    for (double &value : input.values)
      value = std::round(value * 4) / 4;
  }
  if (kernel.relu) {
    input.values[0] = static_cast<float>(std::abs(input.values[0]) + 0.25); // never all zero
    for (double &value : input.values)
      value = std::max(value, 0.0);
  }
  return input;
}

// A kernel gets them as floats.
void round_to_floats(std::vector<double> &values) {
  for (double &value : values)
    value = static_cast<float>(value);
}

struct sgd_set {
  const char *note;
  int count;
  sgd_arguments update;
};

// The first one is as long as a real network's; around whole vectors and chunks; each term of the update left
// out once.
const std::array sgd_sets{
    sgd_set{"1000003 parameters", 1'000'003, {0.05f, 0.9f, 5e-4f, 1.f / 128, true}},
    sgd_set{"1 parameter", 1, {0.1f, 0.9f, 1e-2f, 0.5f, false}},
    sgd_set{"7 parameters, no momentum", 7, {0.1f, 0, 1e-2f, 2, false}},
    sgd_set{"16 parameters, no momentum, nesterov", 16, {0.1f, 0, 1e-2f, 2, true}},
    sgd_set{"33 parameters, no decay", 33, {0.1f, 0.5f, 0, 3, true}},
    sgd_set{"1024 parameters, not nesterov", 1024, {0.5f, 0.9f, 0.1f, 1, false}},
    sgd_set{"16384 parameters", 16'384, {0.01f, 0.99f, 0.1f, 0.25f, true}},
    sgd_set{"32769 parameters, no gradient", 32'769, {0.5f, 0.9f, 0.1f, 0, false}},
};

const std::array draws{
    dropout_draw{.probability = 0.5f, .seed = 0x123456789abcdef0u, .step = 7, .layer = 3},
    dropout_draw{.probability = 0.1f, .seed = 0xfedcba9800000001u, .step = 0xffffffffu, .layer = 21},
    dropout_draw{.probability = 0, .seed = 1, .step = 0, .layer = 0},
};

struct cross_entropy_set {
  const char *note;
  float smoothing, weight;
  int uncounted_of; // one of so many images has the label -1; 0: none has
  double lead = 0;  // of the label's logit: with a large one the loss is nearly 0
};

const std::array cross_entropy_sets{
    cross_entropy_set{"smoothing 0.1", 0.1f, 1.f / 128, 0},
    cross_entropy_set{"half of the labels -1", 0, 1, 2},
    cross_entropy_set{"smoothing 1", 1, 3, 3},
    cross_entropy_set{"all labels -1", 0.1f, 1, 1},
    cross_entropy_set{"the label leads by 10", 0, 1, 0, 10},
};

// Of the largest height and width: in a set of a dynamic kernel. The smallest are what gives one output.
constexpr std::array<std::array<double, 2>, 5> dynamic_shares{
    {{1, 1}, {0, 0}, {0.6, 1}, {1, 0.35}, {0.45, 0.8}}};

} // namespace

int operand_sets(const signature &kernel) {
  if (kernel.dynamic) return static_cast<int>(dynamic_shares.size());
  switch (kernel.op) {
  case operation::preprocess:
    return 2;
  case operation::dropout:
    return static_cast<int>(draws.size());
  case operation::cross_entropy:
    return static_cast<int>(cross_entropy_sets.size());
  case operation::squared_error: // all labels, or every second one
    return kernel.batch > 1 ? 2 : 1;
  case operation::sgd:
    return static_cast<int>(sgd_sets.size());
  case operation::batch_norm: // all images count, or the first half
    return kernel.batch > 1 ? 2 : 1;
  default:
    return 1;
  }
}

signature at_hand(const signature &kernel, int set) {
  if (!kernel.dynamic) return kernel;
  signature s = kernel;
  const auto extent = [](int most, int least, double share) {
    return std::max(least, static_cast<int>(std::lround(share * most)));
  };
  const bool halves = kernel.pool || kernel.op == operation::max_pool;
  const auto [height, width] = dynamic_shares.at(static_cast<std::size_t>(set));
  s.height = extent(kernel.height, std::max(kernel.filter_height, 1) + halves, height);
  s.width = extent(kernel.width, std::max(kernel.filter_width, 1) + halves, width);
  return s;
}

void complete_batch_norm(operands &values) {
  batch_norm_values &norm = values.norm;
  norm.statistics = batch_statistics(values.input, norm.images);
  norm.scale_gradient = scale_backward(values.output_gradient, values.input, norm);
  norm.shift_gradient = shift_backward(values.output_gradient, norm);
}

operands random_operands(const signature &kernel, int set) {
  if (kernel.dynamic) set = 0;
  const auto chosen = static_cast<std::size_t>(set);
  random_values random(to_text(kernel).view());
  operands result;
  if (kernel.op == operation::sgd) {
    const sgd_set &s = sgd_sets.at(chosen);
    result.note = s.note;
    result.update = s.update;
    for (auto *values : {&result.gradients, &result.parameters, &result.momenta}) {
      values->resize(static_cast<std::size_t>(s.count));
      random.fill(*values, 0, 1);
    }
    return result;
  }
  result.input = random_input(kernel, random);
  if (kernel.has_weights()) {
    result.weights = filter(kernel.outputs, kernel.channels, kernel.window_height(), kernel.window_width());
    const double fan_in = 1.0 * kernel.channels * kernel.window_height() * kernel.window_width();
    random.fill(result.weights.values, 0, 1 / std::sqrt(fan_in));
    result.bias.resize(
        static_cast<std::size_t>(kernel.outputs)); // a kernel without bias gets one that it must ignore
    random.fill(result.bias, 0, 1);
  }
  if (kernel.dir != direction::forward) {
    result.output_gradient =
        tensor(kernel.batch, kernel.output_height(), kernel.output_width(), kernel.output_channels());
    random.fill(result.output_gradient.values, 0, 1);
  }
  if (kernel.op == operation::batch_norm) {
    batch_norm_values &norm = result.norm;
    norm.images = set == 0 ? kernel.batch : kernel.batch / 2;
    if (set != 0) result.note = std::to_string(norm.images) + " images count";
    for (auto *values : {&norm.scale, &norm.shift})
      values->resize(static_cast<std::size_t>(kernel.channels));
    random.fill(norm.scale, 1, 0.5);
    random.fill(norm.shift, 0, 1);
    if (kernel.dir != direction::forward) {
      for_each_element(result.output_gradient, [&](int n, int y, int x, int c) {
        if (n >= norm.images) result.output_gradient(n, y, x, c) = 0; // what their loss is
      });
      complete_batch_norm(result);
      for (auto *values : {&norm.statistics, &norm.scale_gradient, &norm.shift_gradient})
        round_to_floats(*values);
    }
  }
  if (kernel.op == operation::preprocess) {
    for (int c = 0; c < kernel.channels; ++c)
      result.constants.push_back({random.around(200, 55), random.around(0, 1), random.around(1, 0.5)});
    result.reverse = set == 1;
    if (result.reverse) result.note = "reversed";
  }
  if (kernel.dynamic) result.note = std::to_string(kernel.height) + "x" + std::to_string(kernel.width);
  if (kernel.op == operation::dropout) {
    result.draw = draws.at(chosen);
    result.note = "probability " + std::to_string(result.draw.probability).substr(0, 3);
  }
  if (kernel.op == operation::cross_entropy) {
    const cross_entropy_set &s = cross_entropy_sets.at(chosen);
    result.note = s.note;
    result.smoothing = s.smoothing;
    result.loss_weight = s.weight;
    for (int n = 0; n < kernel.batch; ++n) {
      const bool counts = s.uncounted_of == 0 || n % s.uncounted_of != s.uncounted_of - 1;
      const auto classes = static_cast<std::uint64_t>(kernel.channels);
      result.labels.push_back(counts ? static_cast<std::int32_t>(random.bits() % classes) : -1);
      if (!counts || s.lead == 0) continue;
      double &of_label = result.input(n, 0, 0, result.labels.back());
      of_label = static_cast<float>(of_label + s.lead);
    }
  }
  if (kernel.op == operation::squared_error) {
    const auto classes = static_cast<std::uint64_t>(kernel.channels / kernel.outputs);
    result.note = set == 0 ? "all labels count" : "every second label is -1";
    result.loss_weight = 0.5f;
    for (int n = 0; n < kernel.batch; ++n)
      result.labels.push_back(set == 0 || n % 2 == 0 ? static_cast<std::int32_t>(random.bits() % classes)
                                                     : -1);
    result.targets.resize(static_cast<std::size_t>(kernel.batch) * static_cast<std::size_t>(kernel.outputs));
    random.fill(result.targets, 0, 1);
  }
  return result;
}

} // namespace vggen::test
