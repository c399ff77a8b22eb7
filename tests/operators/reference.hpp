// What every operator computes forward, in double precision and as plainly as possible: what the kernels are
// held against.
#pragma once

#include "operands.hpp"
#include "tensor.hpp"

#include <vector>

namespace vggen::test {

/// The pixels that one of an adaptive pool's outputs is made of.
struct adaptive_window {
  int first_y = 0, end_y = 0, first_x = 0, end_x = 0;
  [[nodiscard]] int area() const { return (end_y - first_y) * (end_x - first_x); }
};
adaptive_window adaptive_window_of(const tensor &input, const tensor &output, int y, int x);

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
/// The mean, and the maximum, of windows that cover the input evenly: output row i is made of the input's
/// rows floor(i h / height) up to ceil((i + 1) h / height).
tensor adaptive_average_pool(const tensor &input, int height, int width);
tensor adaptive_max_pool(const tensor &input, int height, int width);
/// input / (k + alpha / n * Σ over the n channels around of input²) ^ beta; n = 5, k = 2, alpha = 1e-4, beta
/// = 0.75 (Krizhevsky 2012, section 3.3; alpha / n as in Caffe and PyTorch).
tensor local_response_norm(const tensor &input);
/// The features of an image as a vector: channel, row, column.
tensor flatten(const tensor &input);
/// exp(x) / Σ over channels of exp(x), at each pixel.
tensor softmax(const tensor &input);
/// (pixel / divisor - mean) / deviation; with `reverse` the last channel of the image comes first.
tensor preprocess(const tensor &image, const std::vector<channel_constants> &constants, bool reverse);

} // namespace vggen::test
