// Activations, weights and any buffer's content in double precision.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace vggen::test {

/// Represents activations, without a halo: values[n][y][x][c].
struct tensor {
  int batch = 0, height = 0, width = 0, channels = 0;
  std::vector<double> values;

  tensor() = default;
  tensor(int batch, int height, int width, int channels)
      : batch(batch), height(height), width(width), channels(channels),
        values(std::size_t{1} * batch * height * width * channels) {}

  [[nodiscard]] std::size_t index(int n, int y, int x, int c) const {
    return ((std::size_t{1} * n * height + y) * width + x) * channels + c;
  }
  double &operator()(int n, int y, int x, int c) { return values[index(n, y, x, c)]; }
  double operator()(int n, int y, int x, int c) const { return values[index(n, y, x, c)]; }
};

/// Represents weights as files have them: values[output][input][y][x]. A fully connected layer's are 1x1.
struct filter {
  int outputs = 0, inputs = 0, height = 0, width = 0;
  std::vector<double> values;

  filter() = default;
  filter(int outputs, int inputs, int height, int width)
      : outputs(outputs), inputs(inputs), height(height), width(width),
        values(std::size_t{1} * outputs * inputs * height * width) {}

  [[nodiscard]] std::size_t index(int k, int c, int y, int x) const {
    return ((std::size_t{1} * k * inputs + c) * height + y) * width + x;
  }
  double &operator()(int k, int c, int y, int x) { return values[index(k, c, y, x)]; }
  double operator()(int k, int c, int y, int x) const { return values[index(k, c, y, x)]; }
};

/// Represents the content of any buffer, without a halo: extents innermost dimension first, values in the
/// order of memory.
struct array {
  std::vector<int> extents;
  std::vector<double> values;

  array() = default;
  array(tensor t) : extents{t.channels, t.width, t.height, t.batch}, values(std::move(t.values)) {}
  array(filter f) : extents{f.width, f.height, f.inputs, f.outputs}, values(std::move(f.values)) {}
  array(std::vector<double> v) : extents{static_cast<int>(v.size())}, values(std::move(v)) {}
};

/// Calls what(n, y, x) for each pixel of each image.
template <class What> void for_each_pixel(const tensor &t, What what) {
  for (int n = 0; n < t.batch; ++n)
    for (int y = 0; y < t.height; ++y)
      for (int x = 0; x < t.width; ++x)
        what(n, y, x);
}

/// Calls what(n, y, x, c) for each element.
template <class What> void for_each_element(const tensor &t, What what) {
  for_each_pixel(t, [&](int n, int y, int x) {
    for (int c = 0; c < t.channels; ++c)
      what(n, y, x, c);
  });
}

/// max|found - expected| / max|expected|; infinite if extents differ or anything found is not finite.
double relative_error(const array &found, const array &expected);

} // namespace vggen::test
