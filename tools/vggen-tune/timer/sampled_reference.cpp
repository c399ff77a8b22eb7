#include "tools/vggen-tune/timer/sampled_reference.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace vggen {

namespace {

// An activation [c, x, y, n].
struct image_view {
  const float *data = nullptr;
  int channels = 0, width = 0, height = 0, batch = 0;
  bool halo = false;

  [[nodiscard]] std::int64_t index(int c, int x, int y, int n) const {
    const int edge = halo ? 1 : 0;
    return c +
           std::int64_t{channels} *
               (x + edge + std::int64_t{width + 2 * edge} * (y + edge + std::int64_t{height + 2 * edge} * n));
  }
  /// Zero outside of the image.
  [[nodiscard]] double at(int c, int x, int y, int n) const {
    return x < 0 || y < 0 || x >= width || y >= height ? 0 : data[index(c, x, y, n)];
  }
};

class reference {
public:
  reference(const signature &kernel, const kernel_tensors &tensors)
      : s_(kernel), tensors_(tensors), pad_(kernel.op == operation::conv3x3 ? 1 : 0),
        input_{tensors.input.data(), s_.channels, s_.width, s_.height, s_.batch, s_.input_halo},
        gradient_{tensors.output_gradient.data(),
                  s_.output_channels(),
                  s_.output_width(),
                  s_.output_height(),
                  s_.batch,
                  s_.gradient_halo()} {}

  /// The image that the kernel writes; of backward-weights there is none.
  [[nodiscard]] image_view written() const {
    const float *const data = tensors_.output.data();
    if (s_.dir == direction::backward_data)
      return {data, s_.channels, s_.width, s_.height, s_.batch, s_.output_halo};
    return {data, s_.output_channels(), s_.output_width(), s_.output_height(), s_.batch, s_.output_halo};
  }

  /// Multiply-adds behind one output.
  [[nodiscard]] std::int64_t work() const {
    if (!s_.has_weights()) return 4;
    const std::int64_t window = std::int64_t{s_.window_width()} * s_.window_height();
    switch (s_.dir) {
    case direction::forward:
      return window * s_.channels * (s_.pool ? 4 : 1);
    case direction::backward_data:
      return window * s_.outputs;
    case direction::backward_weights:
      break;
    }
    return std::int64_t{s_.sum_width()} * s_.sum_height() * s_.batch;
  }

  [[nodiscard]] double image_value(int c, int x, int y, int n) const {
    return s_.dir == direction::forward ? forward(c, x, y, n) : backward_data(c, x, y, n);
  }

  /// The gradient of the weight at a place of the file's array.
  [[nodiscard]] double weight_gradient(std::int64_t place) const {
    const auto [kx, ky, c, k] = place_of_weight(place);
    double sum = 0;
    for (int n = 0; n < s_.batch; ++n)
      for (int y = 0; y < s_.sum_height(); ++y)
        for (int x = 0; x < s_.sum_width(); ++x)
          sum += gradient_.at(k, x, y, n) * input_.at(c, x + kx - pad_, y + ky - pad_, n);
    return sum;
  }

private:
  [[nodiscard]] std::array<int, 4> place_of_weight(std::int64_t place) const {
    const auto take = [&](int extent) {
      const auto digit = static_cast<int>(place % extent);
      place /= extent;
      return digit;
    };
    const int kx = take(s_.window_width()), ky = take(s_.window_height()), c = take(s_.channels);
    return {kx, ky, c, static_cast<int>(place)};
  }
  [[nodiscard]] double weight(int kx, int ky, int c, int k) const {
    return tensors_.weights
        .data()[kx + std::int64_t{s_.window_width()} *
                         (ky + std::int64_t{s_.window_height()} * (c + std::int64_t{s_.channels} * k))];
  }

  [[nodiscard]] double sum(int k, int x, int y, int n) const {
    if (!s_.has_weights()) return input_.at(k, x, y, n);
    double sum = 0;
    for (int c = 0; c < s_.channels; ++c)
      for (int ky = 0; ky < s_.window_height(); ++ky)
        for (int kx = 0; kx < s_.window_width(); ++kx)
          sum += input_.at(c, x + kx - pad_, y + ky - pad_, n) * weight(kx, ky, c, k);
    return sum;
  }

  [[nodiscard]] double forward(int k, int x, int y, int n) const {
    const bool pool = s_.pool || s_.op == operation::max_pool;
    double value = pool ? std::max({sum(k, 2 * x, 2 * y, n), sum(k, 2 * x + 1, 2 * y, n),
                                    sum(k, 2 * x, 2 * y + 1, n), sum(k, 2 * x + 1, 2 * y + 1, n)})
                        : sum(k, x, y, n);
    if (s_.bias) value += tensors_.bias.data()[k];
    return s_.relu ? std::max(value, 0.0) : value;
  }

  [[nodiscard]] double backward_data(int c, int x, int y, int n) const {
    if (s_.relu && input_.at(c, x, y, n) <= 0) return 0;
    double sum = 0;
    for (int k = 0; k < s_.outputs; ++k)
      for (int ky = 0; ky < s_.window_height(); ++ky)
        for (int kx = 0; kx < s_.window_width(); ++kx)
          sum += gradient_.at(k, x - kx + pad_, y - ky + pad_, n) * weight(kx, ky, c, k);
    return sum;
  }

  const signature &s_;
  const kernel_tensors &tensors_;
  int pad_;
  image_view input_, gradient_;
};

// Calls f(i) for about `count` of the indices below `size`, spread evenly over all of them.
template <class F> void for_samples(std::int64_t size, std::int64_t count, F f) {
  if (count >= size) {
    for (std::int64_t i = 0; i < size; ++i)
      f(i);
    return;
  }
  // multiples of the golden ratio leave gaps of about one size everywhere (Knuth, TAOCP 3, 6.4)
  const double golden = 0.6180339887498949;
  for (std::int64_t i = 0; i < count; ++i) {
    const double place = static_cast<double>(i) * golden;
    f(static_cast<std::int64_t>((place - std::floor(place)) * static_cast<double>(size)));
  }
  f(size - 1);
}

void check_all(std::span<const float> values, result_check &check) {
  std::uint64_t signs = 0x9e3779b97f4a7c15u;
  double squares = 0;
  for (const float value : values) {
    if (!std::isfinite(value)) check.finite = false;
    squares += double{value} * value;
    signs = signs * 6364136223846793005u + 1442695040888963407u;
    check.projection += signs >> 63 ? double{value} : -double{value};
  }
  check.norm = std::sqrt(squares);
}

bool has_zero_halo(const image_view &image) {
  if (!image.halo) return true;
  for (int n = 0; n < image.batch; ++n)
    for (int y = -1; y <= image.height; ++y)
      for (int x = -1; x <= image.width; ++x) {
        if (x >= 0 && y >= 0 && x < image.width && y < image.height) continue;
        for (int c = 0; c < image.channels; ++c)
          if (image.data[image.index(c, x, y, n)] != 0) return false;
      }
  return true;
}

} // namespace

result_check check_results(const signature &kernel, const kernel_tensors &tensors) {
  const reference expected(kernel, tensors);
  result_check check;
  check_all(tensors.output.values(), check);
  double difference = 0, largest = 0;
  const auto compare = [&](double found, double right) {
    difference = std::max(difference, std::abs(found - right));
    largest = std::max(largest, std::abs(right));
  };
  constexpr std::int64_t affordable = 200'000'000; // multiply-adds
  const std::int64_t samples = std::clamp<std::int64_t>(affordable / expected.work(), 64, 60'000);
  if (kernel.dir == direction::backward_weights) {
    for_samples(tensors.output.size(), samples,
                [&](std::int64_t i) { compare(tensors.output.data()[i], expected.weight_gradient(i)); });
  } else {
    const image_view image = expected.written();
    check.zero_halo = has_zero_halo(image);
    const std::int64_t pixels = std::int64_t{image.width} * image.height;
    for_samples(pixels * image.channels * image.batch, samples, [&](std::int64_t i) {
      const auto c = static_cast<int>(i % image.channels), n = static_cast<int>(i / image.channels / pixels);
      const auto pixel = static_cast<int>(i / image.channels % pixels);
      const int x = pixel % image.width, y = pixel / image.width;
      compare(image.data[image.index(c, x, y, n)], expected.image_value(c, x, y, n));
    });
  }
  check.error = largest > 0 ? difference / largest : difference;
  return check;
}

} // namespace vggen
