#include "random_operands.hpp"

#include <cmath>
#include <cstdint>
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

} // namespace

operands random_operands(const signature &kernel) {
  random_values random(to_text(kernel).view());
  operands result;
  result.input = tensor(kernel.batch, kernel.height, kernel.width, kernel.channels);
  std::vector<double> &input = result.input.values;
  switch (kernel.op) {
  case operation::preprocess:
    for (double &pixel : input)
      pixel = static_cast<double>(random.bits() >> 56);
    for (int c = 0; c < kernel.channels; ++c)
      result.constants.push_back({random.around(200, 55), random.around(0, 1), random.around(1, 0.5)});
    break;
  case operation::softmax: // exp(95) is no float: a kernel must subtract the largest
    random.fill(input, 100, 5);
    break;
  case operation::local_response_norm: // among small values the sum of squares would vanish beside k
    random.fill(input, 0, 300);
    break;
  default:
    random.fill(input, 0, 1);
  }
  if (kernel.has_weights()) {
    result.weights = filter(kernel.outputs, kernel.channels, kernel.window_height(), kernel.window_width());
    const double fan_in = 1.0 * kernel.channels * kernel.window_height() * kernel.window_width();
    random.fill(result.weights.values, 0, 1 / std::sqrt(fan_in));
    result.bias.resize(
        static_cast<std::size_t>(kernel.outputs)); // a kernel without bias gets one that it must ignore
    random.fill(result.bias, 0, 1);
  }
  return result;
}

} // namespace vggen::test
