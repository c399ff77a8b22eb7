// Batch normalisation in double precision: by the statistics of the images that count, and its gradients.
#pragma once

#include "operands.hpp"
#include "tensor.hpp"

#include <vector>

namespace vggen::test {

/// What operands::norm has of a batch: mean and variance of each channel over the images that count.
std::vector<double> batch_statistics(const tensor &input, int images);

/// (input - mean) / sqrt(variance + 1e-5) * scale + shift, of all images.
tensor batch_norm(const tensor &input, const batch_norm_values &norm);

/// Σ output_gradient * normalised input over the images that count: the gradient of the scale.
std::vector<double> scale_backward(const tensor &output_gradient, const tensor &input,
                                   const batch_norm_values &norm);
/// Σ output_gradient over the images that count: the gradient of the shift.
std::vector<double> shift_backward(const tensor &output_gradient, const batch_norm_values &norm);

/// Of Σ output_gradient * output with respect to the input; of images that do not count it is zero.
tensor batch_norm_backward(const tensor &output_gradient, const tensor &input, const batch_norm_values &norm);

} // namespace vggen::test
