#include "reference.hpp"

#include <algorithm>
#include <cmath>

namespace vggen::test {

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

adaptive_window adaptive_window_of(const tensor &input, const tensor &output, int y, int x) {
  const auto end = [](int i, int extent, int outputs) { return ((i + 1) * extent + outputs - 1) / outputs; };
  return {.first_y = y * input.height / output.height,
          .end_y = end(y, input.height, output.height),
          .first_x = x * input.width / output.width,
          .end_x = end(x, input.width, output.width)};
}

tensor adaptive_average_pool(const tensor &input, int height, int width) {
  tensor output(input.batch, height, width, input.channels);
  for_each_element(output, [&](int n, int y, int x, int c) {
    const adaptive_window window = adaptive_window_of(input, output, y, x);
    for (int iy = window.first_y; iy < window.end_y; ++iy)
      for (int ix = window.first_x; ix < window.end_x; ++ix)
        output(n, y, x, c) += input(n, iy, ix, c) / window.area();
  });
  return output;
}

tensor adaptive_max_pool(const tensor &input, int height, int width) {
  tensor output(input.batch, height, width, input.channels);
  for_each_element(output, [&](int n, int y, int x, int c) {
    const adaptive_window window = adaptive_window_of(input, output, y, x);
    double &largest = output(n, y, x, c) = input(n, window.first_y, window.first_x, c);
    for (int iy = window.first_y; iy < window.end_y; ++iy)
      for (int ix = window.first_x; ix < window.end_x; ++ix)
        largest = std::max(largest, input(n, iy, ix, c));
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

} // namespace vggen::test
