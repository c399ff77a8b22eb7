#include "expected_outputs.hpp"

#include "reference.hpp"
#include "reference_batch_norm.hpp"
#include "reference_training.hpp"

#include <stdexcept>
#include <utility>

namespace vggen::test {

namespace {

[[noreturn]] void refuse(const signature &kernel) {
  throw std::invalid_argument("there is no reference for " + std::string(to_text(kernel).view()));
}

int padding_of(const signature &kernel) { return kernel.op == operation::conv3x3 ? 1 : 0; }

tensor forward(const signature &kernel, const operands &values) {
  switch (kernel.op) {
  case operation::conv3x3:
    return conv3x3(values.input, values.weights);
  case operation::conv1x1:
    return conv1x1(values.input, values.weights);
  case operation::conv:
    return conv(values.input, values.weights);
  case operation::fully_connected:
    return fully_connected(values.input, values.weights);
  case operation::max_pool:
    return max_pool(values.input);
  case operation::adaptive_average_pool:
    return adaptive_average_pool(values.input, kernel.filter_height, kernel.filter_width);
  case operation::adaptive_max_pool:
    return adaptive_max_pool(values.input, kernel.filter_height, kernel.filter_width);
  case operation::batch_norm: {
    batch_norm_values norm = values.norm;
    norm.statistics = batch_statistics(values.input, norm.images);
    return batch_norm(values.input, norm);
  }
  case operation::local_response_norm:
    return local_response_norm(values.input);
  case operation::flatten:
    return flatten(values.input);
  case operation::softmax:
    return softmax(values.input);
  case operation::preprocess:
    return preprocess(values.input, values.constants, values.reverse);
  case operation::dropout:
    return dropout(values.input, values.draw);
  case operation::cross_entropy:
  case operation::squared_error:
  case operation::sgd:
  case operation::relu:
  case operation::add:
    break;
  }
  refuse(kernel);
}

tensor backward_data(const signature &kernel, const operands &values) {
  switch (kernel.op) {
  case operation::conv3x3:
  case operation::conv1x1:
    return convolution_backward_data(values.output_gradient, values.weights, padding_of(kernel));
  case operation::fully_connected:
    return fully_connected_backward_data(values.output_gradient, values.weights);
  case operation::max_pool:
    return max_pool_backward(values.output_gradient, values.input);
  case operation::adaptive_average_pool:
    return adaptive_average_pool_backward(values.output_gradient, values.input);
  case operation::adaptive_max_pool:
    return adaptive_max_pool_backward(values.output_gradient, values.input);
  case operation::batch_norm:
    return batch_norm_backward(values.output_gradient, values.input, values.norm);
  case operation::local_response_norm:
    return local_response_norm_backward(values.output_gradient, values.input);
  case operation::flatten:
    return flatten_backward(values.output_gradient, values.input);
  case operation::dropout:
    return dropout(values.output_gradient, values.draw);
  case operation::relu: // what it does to the gradient is done to that of every kernel with the flag
    return values.output_gradient;
  case operation::add:
    return sum(values.output_gradient, values.input);
  case operation::conv:
  case operation::softmax:
  case operation::preprocess:
  case operation::cross_entropy:
  case operation::squared_error:
  case operation::sgd:
    break;
  }
  refuse(kernel);
}

array backward_weights(const signature &kernel, const operands &values) {
  switch (kernel.op) {
  case operation::conv3x3:
  case operation::conv1x1:
    return convolution_backward_weights(values.output_gradient, values.input, kernel.window_height(),
                                        kernel.window_width(), padding_of(kernel));
  case operation::fully_connected: {
    array result = fully_connected_backward_weights(values.output_gradient, values.input);
    result.extents.erase(result.extents.begin(), result.extents.begin() + 2); // files have [inputs, outputs]
    return result;
  }
  default:
    refuse(kernel);
  }
}

} // namespace

tensor expected_output_of(const signature &kernel, const operands &values) {
  if (kernel.dir != direction::forward) refuse(kernel);
  tensor result = forward(kernel, values);
  if (kernel.bias) result = add_bias(std::move(result), values.bias);
  if (kernel.relu) result = relu(std::move(result));
  if (kernel.pool) result = max_pool(result);
  return result;
}

std::vector<expected_output> expected_outputs(const signature &kernel, const operands &values) {
  if (kernel.op == operation::cross_entropy) {
    const double smoothing = values.smoothing;
    return {{"losses", cross_entropy(values.input, values.labels, smoothing)},
            {"gradient", cross_entropy_backward(values.input, values.labels, smoothing, values.loss_weight)}};
  }
  if (kernel.op == operation::squared_error)
    return {{"losses", squared_error(values.input, values.targets, values.labels)},
            {"gradient",
             squared_error_backward(values.input, values.targets, values.labels, values.loss_weight)}};
  if (kernel.op == operation::sgd) {
    sgd_result result = sgd(values.gradients, values.parameters, values.momenta, values.update);
    return {{"parameters", std::move(result.parameters)}, {"momenta", std::move(result.momenta)}};
  }
  if (kernel.op == operation::batch_norm && kernel.dir == direction::backward_weights)
    return {{"scale gradient", scale_backward(values.output_gradient, values.input, values.norm)},
            {"shift gradient", shift_backward(values.output_gradient, values.norm)}};
  if (kernel.op == operation::batch_norm && kernel.dir == direction::forward) {
    array statistics = batch_statistics(values.input, values.norm.images);
    statistics.extents = {kernel.channels, 2};
    return {{"statistics", std::move(statistics)}, {"output", expected_output_of(kernel, values)}};
  }
  if (kernel.dir == direction::backward_weights)
    return {{"weight gradient", backward_weights(kernel, values)},
            {"bias gradient", bias_backward(values.output_gradient)}};
  if (kernel.dir == direction::backward_data) {
    tensor gradient = backward_data(kernel, values);
    if (kernel.relu) gradient = relu_backward(std::move(gradient), values.input);
    return {{"input gradient", std::move(gradient)}};
  }
  return {{"output", expected_output_of(kernel, values)}};
}

} // namespace vggen::test
