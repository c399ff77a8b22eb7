// What every operator computes, in double precision and as plainly as possible: what the kernels are held
// against.
#pragma once

#include <vggen/net/signature.hpp>

#include <cstddef>
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

/// What turns a pixel into an input of a network.
struct channel_constants {
  double divisor = 1, mean = 0, deviation = 1;
};

/// Represents all that a kernel reads. An operator leaves empty what it has no use for.
struct operands {
  tensor input;
  filter weights;
  std::vector<double> bias;
  std::vector<channel_constants> constants; ///< by channel of the output
  bool reverse = false;
};

/// Σ input(y + ky - padding, x + kx - padding, c) * weights(k, c, ky, kx); outside of the image is zero.
tensor convolution(const tensor &input, const filter &weights, int padding);
tensor conv3x3(const tensor &input, const filter &weights);         ///< zero padding 1
tensor conv1x1(const tensor &input, const filter &weights);         ///< each pixel by itself
tensor conv(const tensor &input, const filter &weights);            ///< valid, any extent
tensor fully_connected(const tensor &input, const filter &weights); ///< [in] to [out]
tensor add_bias(tensor input, const std::vector<double> &bias);
tensor relu(tensor input);
/// 2x2, stride 2. The last row or column of an odd extent is left out.
tensor max_pool(const tensor &input);
/// input / (k + alpha / n * Σ over the n channels around of input²) ^ beta; n = 5, k = 2, alpha = 1e-4, beta
/// = 0.75 (Krizhevsky 2012, section 3.3; alpha / n as in Caffe and PyTorch).
tensor local_response_norm(const tensor &input);
/// The features of an image as a vector: channel, row, column.
tensor flatten(const tensor &input);
/// exp(x) / Σ over channels of exp(x), at each pixel.
tensor softmax(const tensor &input);
/// (pixel / divisor - mean) / deviation; with `reverse` the last channel of the image comes first.
tensor preprocess(const tensor &image, const std::vector<channel_constants> &constants, bool reverse);

/// What the kernel of that signature must compute: the operator and its epilogue.
tensor reference(const signature &kernel, const operands &values);

/// max|found - expected| / max|expected|; infinite if extents differ or anything found is not finite.
double relative_error(const tensor &found, const tensor &expected);

} // namespace vggen::test
