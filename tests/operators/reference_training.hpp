// What only training computes, in double precision and as plainly as possible: gradients of every operator,
// dropout, the loss, and the update of parameters. Gradients are checked by finite differences of the forward
// operators (reference_training_test.cpp).
#pragma once

#include "operands.hpp"
#include "tensor.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace vggen::test {

// Gradients of Σ output_gradient * output, with respect to what the operator reads.

/// Of a convolution's input.
tensor convolution_backward_data(const tensor &output_gradient, const filter &weights, int padding);
/// Of a convolution's weights, with filters of that extent.
filter convolution_backward_weights(const tensor &output_gradient, const tensor &input, int height, int width,
                                    int padding);
/// Of what add_bias adds.
std::vector<double> bias_backward(const tensor &output_gradient);
/// [out] to [in]
tensor fully_connected_backward_data(const tensor &output_gradient, const filter &weights);
filter fully_connected_backward_weights(const tensor &output_gradient, const tensor &input);
/// The first of a window's largest, in the order of rows, takes it all.
tensor max_pool_backward(const tensor &output_gradient, const tensor &input);
tensor adaptive_average_pool_backward(const tensor &output_gradient, const tensor &input);
/// As of max_pool: the first of a window's largest takes it all.
tensor adaptive_max_pool_backward(const tensor &output_gradient, const tensor &input);
tensor local_response_norm_backward(const tensor &output_gradient, const tensor &input);
/// Only the extents of `input` matter.
tensor flatten_backward(const tensor &output_gradient, const tensor &input);
/// Element by element.
tensor sum(tensor a, const tensor &b);
/// Zero where the relu's output is zero.
tensor relu_backward(tensor output_gradient, const tensor &output);

/// Dropout of one layer in one step, as random.hpp's numbers say: element e of [n][y][x][c]. It is its own
/// gradient.
tensor dropout(tensor input, const dropout_draw &draw);

/// The losses of a batch of logits [n][1][1][c]: cross-entropy with label smoothing; of a negative label 0.
std::vector<double> cross_entropy(const tensor &logits, std::span<const std::int32_t> labels,
                                  double smoothing);
/// The gradient of weight * Σ losses.
tensor cross_entropy_backward(const tensor &logits, std::span<const std::int32_t> labels, double smoothing,
                              double weight);

/// Each image's half squared distance of `values` to its `targets` [image][number]: of all values, or, where
/// there are several times as many, of those that belong to the image's label. 0 for a negative label.
std::vector<double> squared_error(const tensor &values, std::span<const double> targets,
                                  std::span<const std::int32_t> labels);
/// The gradient of weight * Σ losses.
tensor squared_error_backward(const tensor &values, std::span<const double> targets,
                              std::span<const std::int32_t> labels, double weight);

/// What a step of stochastic gradient descent leaves.
struct sgd_result {
  std::vector<double> parameters, momenta;
};
/// As torch.optim.SGD: d = scale * gradient + decay * parameter, momentum = rate * momentum + d, and the
/// parameter goes down by learning_rate times the momentum, or with nesterov d + rate * momentum.
sgd_result sgd(const std::vector<double> &gradients, const std::vector<double> &parameters,
               const std::vector<double> &momenta, const sgd_arguments &update);

} // namespace vggen::test
