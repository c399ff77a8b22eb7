#include "reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace vggen::test {

namespace {

// Calls what(n, y, x) for each pixel of each image.
template <class What> void for_each_pixel(const tensor &t, What what) {
  for (int n = 0; n < t.batch; ++n)
    for (int y = 0; y < t.height; ++y)
      for (int x = 0; x < t.width; ++x)
        what(n, y, x);
}

template <class What> void for_each_element(const tensor &t, What what) {
  for_each_pixel(t, [&](int n, int y, int x) {
    for (int c = 0; c < t.channels; ++c)
      what(n, y, x, c);
  });
}

} // namespace

tensor convolution(const tensor &input, const filter &weights, int padding) {
  tensor output(input.batch, input.height + 2 * padding - weights.height + 1,
                input.width + 2 * padding - weights.width + 1, weights.outputs);
  // the weights with outputs innermost: the order in which a row of sums takes them
  std::vector<double> by_output(weights.values.size());
  const auto place = [&](int ky, int kx, int c) {
    return ((std::size_t{1} * ky * weights.width + kx) * weights.inputs + c) * weights.outputs;
  };
  for (int k = 0; k < weights.outputs; ++k)
    for (int c = 0; c < weights.inputs; ++c)
      for (int ky = 0; ky < weights.height; ++ky)
        for (int kx = 0; kx < weights.width; ++kx)
          by_output[place(ky, kx, c) + k] = weights(k, c, ky, kx);

  for (int n = 0; n < output.batch; ++n)
    for (int y = 0; y < output.height; ++y)
      for (int ky = 0; ky < weights.height; ++ky) {
        const int iy = y + ky - padding;
        if (iy < 0 || iy >= input.height) continue;
        for (int kx = 0; kx < weights.width; ++kx)
          for (int c = 0; c < weights.inputs; ++c) {
            const double *weight = &by_output[place(ky, kx, c)];
            for (int x = 0; x < output.width; ++x) {
              const int ix = x + kx - padding;
              if (ix < 0 || ix >= input.width) continue;
              const double value = input(n, iy, ix, c);
              double *sums = &output(n, y, x, 0);
              for (int k = 0; k < weights.outputs; ++k)
                sums[k] += value * weight[k];
            }
          }
      }
  return output;
}

tensor conv3x3(const tensor &input, const filter &weights) { return convolution(input, weights, 1); }
tensor conv1x1(const tensor &input, const filter &weights) { return convolution(input, weights, 0); }
tensor conv(const tensor &input, const filter &weights) { return convolution(input, weights, 0); }

tensor fully_connected(const tensor &input, const filter &weights) {
  tensor output(input.batch, 1, 1, weights.outputs);
  for (int n = 0; n < input.batch; ++n)
    for (int k = 0; k < weights.outputs; ++k) {
      double sum = 0;
      for (int i = 0; i < weights.inputs; ++i)
        sum += input(n, 0, 0, i) * weights(k, i, 0, 0);
      output(n, 0, 0, k) = sum;
    }
  return output;
}

tensor add_bias(tensor input, const std::vector<double> &bias) {
  for_each_element(input, [&](int n, int y, int x, int c) { input(n, y, x, c) += bias[c]; });
  return input;
}

tensor relu(tensor input) {
  for (double &value : input.values)
    value = std::max(value, 0.0);
  return input;
}

tensor max_pool(const tensor &input) {
  tensor output(input.batch, input.height / 2, input.width / 2, input.channels);
  for_each_element(output, [&](int n, int y, int x, int c) {
    output(n, y, x, c) = std::max({input(n, 2 * y, 2 * x, c), input(n, 2 * y, 2 * x + 1, c),
                                   input(n, 2 * y + 1, 2 * x, c), input(n, 2 * y + 1, 2 * x + 1, c)});
  });
  return output;
}

tensor local_response_norm(const tensor &input) {
  constexpr int window = 5;
  constexpr double k = 2, alpha = 1e-4, beta = 0.75;
  tensor output = input;
  for_each_element(input, [&](int n, int y, int x, int c) {
    double squares = 0;
    for (int i = std::max(c - window / 2, 0); i <= std::min(c + window / 2, input.channels - 1); ++i)
      squares += input(n, y, x, i) * input(n, y, x, i);
    output(n, y, x, c) /= std::pow(k + alpha / window * squares, beta);
  });
  return output;
}

tensor flatten(const tensor &input) {
  tensor output(input.batch, 1, 1, input.channels * input.height * input.width);
  for_each_element(input, [&](int n, int y, int x, int c) {
    output(n, 0, 0, (c * input.height + y) * input.width + x) = input(n, y, x, c);
  });
  return output;
}

tensor softmax(const tensor &input) {
  tensor output = input;
  for_each_pixel(input, [&](int n, int y, int x) {
    double *first = &output(n, y, x, 0), *last = first + output.channels;
    const double largest = *std::max_element(first, last); // so that no exponential overflows
    double total = 0;
    for (double *value = first; value != last; ++value)
      total += *value = std::exp(*value - largest);
    for (double *value = first; value != last; ++value)
      *value /= total;
  });
  return output;
}

tensor preprocess(const tensor &image, const std::vector<channel_constants> &constants, bool reverse) {
  tensor output = image;
  for_each_element(image, [&](int n, int y, int x, int c) {
    const double pixel = image(n, y, x, reverse ? image.channels - 1 - c : c);
    output(n, y, x, c) = (pixel / constants[c].divisor - constants[c].mean) / constants[c].deviation;
  });
  return output;
}

tensor reference(const signature &kernel, const operands &values) {
  if (kernel.dir != direction::forward) throw std::invalid_argument("the reference has forward kernels only");
  tensor result = [&] {
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
    case operation::local_response_norm:
      return local_response_norm(values.input);
    case operation::flatten:
      return flatten(values.input);
    case operation::softmax:
      return softmax(values.input);
    case operation::preprocess:
      return preprocess(values.input, values.constants, values.reverse);
    case operation::dropout:
    case operation::cross_entropy:
    case operation::sgd:
      break; // tests/training
    }
    throw std::invalid_argument("not an operation");
  }();
  if (kernel.bias) result = add_bias(std::move(result), values.bias);
  if (kernel.relu) result = relu(std::move(result));
  if (kernel.pool) result = max_pool(result);
  return result;
}

double relative_error(const tensor &found, const tensor &expected) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (found.batch != expected.batch || found.height != expected.height || found.width != expected.width ||
      found.channels != expected.channels)
    return infinity;
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < expected.values.size(); ++i) {
    if (!std::isfinite(found.values[i])) return infinity;
    difference = std::max(difference, std::abs(found.values[i] - expected.values[i]));
    largest = std::max(largest, std::abs(expected.values[i]));
  }
  if (difference == 0) return 0;
  return largest > 0 ? difference / largest : infinity;
}

} // namespace vggen::test
