#include "reference_training.hpp"

#include "reference.hpp"

#include <vggen/core/random.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace vggen::test {

tensor convolution_backward_data(const tensor &output_gradient, const filter &weights, int padding) {
  // each output gradient goes back along the weights: the convolution with the filters turned around
  filter turned(weights.inputs, weights.outputs, weights.height, weights.width);
  for (int k = 0; k < weights.outputs; ++k)
    for (int c = 0; c < weights.inputs; ++c)
      for (int ky = 0; ky < weights.height; ++ky)
        for (int kx = 0; kx < weights.width; ++kx)
          turned(c, k, weights.height - 1 - ky, weights.width - 1 - kx) = weights(k, c, ky, kx);
  return convolution(output_gradient, turned, weights.height - 1 - padding);
}

filter convolution_backward_weights(const tensor &output_gradient, const tensor &input, int height, int width,
                                    int padding) {
  const int outputs = output_gradient.channels;
  filter result(outputs, input.channels, height, width);
  std::vector<double> sums(static_cast<std::size_t>(outputs)); // of all outputs, for one place of the filter
  for (int c = 0; c < input.channels; ++c)
    for (int ky = 0; ky < height; ++ky)
      for (int kx = 0; kx < width; ++kx) {
        std::ranges::fill(sums, 0);
        for_each_pixel(output_gradient, [&](int n, int y, int x) {
          const int iy = y + ky - padding, ix = x + kx - padding;
          if (iy < 0 || iy >= input.height || ix < 0 || ix >= input.width) return;
          const double value = input(n, iy, ix, c);
          const double *gradients = &output_gradient.values[output_gradient.index(n, y, x, 0)];
          for (int k = 0; k < outputs; ++k)
            sums[k] += gradients[k] * value;
        });
        for (int k = 0; k < outputs; ++k)
          result(k, c, ky, kx) = sums[k];
      }
  return result;
}

std::vector<double> bias_backward(const tensor &output_gradient) {
  std::vector<double> result(static_cast<std::size_t>(output_gradient.channels));
  for_each_element(output_gradient,
                   [&](int n, int y, int x, int k) { result[k] += output_gradient(n, y, x, k); });
  return result;
}

tensor fully_connected_backward_data(const tensor &output_gradient, const filter &weights) {
  return convolution_backward_data(output_gradient, weights, 0);
}

filter fully_connected_backward_weights(const tensor &output_gradient, const tensor &input) {
  return convolution_backward_weights(output_gradient, input, 1, 1, 0);
}

tensor max_pool_backward(const tensor &output_gradient, const tensor &input) {
  tensor result(input.batch, input.height, input.width, input.channels);
  for_each_element(output_gradient, [&](int n, int y, int x, int c) {
    int largest_y = 2 * y, largest_x = 2 * x;
    for (int iy = 2 * y; iy < 2 * y + 2; ++iy)
      for (int ix = 2 * x; ix < 2 * x + 2; ++ix)
        if (input(n, iy, ix, c) > input(n, largest_y, largest_x, c)) largest_y = iy, largest_x = ix;
    result(n, largest_y, largest_x, c) = output_gradient(n, y, x, c);
  });
  return result;
}

tensor adaptive_average_pool_backward(const tensor &output_gradient, const tensor &input) {
  tensor result(input.batch, input.height, input.width, input.channels);
  for_each_element(output_gradient, [&](int n, int y, int x, int c) {
    const adaptive_window window = adaptive_window_of(input, output_gradient, y, x);
    for (int iy = window.first_y; iy < window.end_y; ++iy)
      for (int ix = window.first_x; ix < window.end_x; ++ix)
        result(n, iy, ix, c) += output_gradient(n, y, x, c) / window.area();
  });
  return result;
}

tensor adaptive_max_pool_backward(const tensor &output_gradient, const tensor &input) {
  tensor result(input.batch, input.height, input.width, input.channels);
  for_each_element(output_gradient, [&](int n, int y, int x, int c) {
    const adaptive_window window = adaptive_window_of(input, output_gradient, y, x);
    int largest_y = window.first_y, largest_x = window.first_x;
    for (int iy = window.first_y; iy < window.end_y; ++iy)
      for (int ix = window.first_x; ix < window.end_x; ++ix)
        if (input(n, iy, ix, c) > input(n, largest_y, largest_x, c)) largest_y = iy, largest_x = ix;
    result(n, largest_y, largest_x, c) += output_gradient(n, y, x, c);
  });
  return result;
}

tensor local_response_norm_backward(const tensor &output_gradient, const tensor &input) {
  constexpr int window = 5;
  constexpr double k = 2, share = 1e-4 / window, beta = 0.75;
  tensor result(input.batch, input.height, input.width, input.channels);
  // output(c) = input(c) * scale ^ -beta, where scale depends on all inputs of c's window
  for_each_element(input, [&](int n, int y, int x, int c) {
    const int first = std::max(c - window / 2, 0), last = std::min(c + window / 2, input.channels - 1);
    double scale = k;
    for (int i = first; i <= last; ++i)
      scale += share * input(n, y, x, i) * input(n, y, x, i);
    const double gradient = output_gradient(n, y, x, c);
    result(n, y, x, c) += gradient * std::pow(scale, -beta);
    for (int i = first; i <= last; ++i)
      result(n, y, x, i) +=
          gradient * input(n, y, x, c) * -beta * std::pow(scale, -beta - 1) * share * 2 * input(n, y, x, i);
  });
  return result;
}

tensor flatten_backward(const tensor &output_gradient, const tensor &input) {
  tensor result(input.batch, input.height, input.width, input.channels);
  for_each_element(input, [&](int n, int y, int x, int c) {
    result(n, y, x, c) = output_gradient(n, 0, 0, (c * input.height + y) * input.width + x);
  });
  return result;
}

tensor sum(tensor a, const tensor &b) {
  for (std::size_t i = 0; i < a.values.size(); ++i)
    a.values[i] += b.values[i];
  return a;
}

tensor relu_backward(tensor output_gradient, const tensor &output) {
  for (std::size_t i = 0; i < output.values.size(); ++i)
    if (output.values[i] <= 0) output_gradient.values[i] = 0;
  return output_gradient;
}

tensor dropout(tensor input, const dropout_draw &draw) {
  const std::array key{static_cast<std::uint32_t>(draw.seed), static_cast<std::uint32_t>(draw.seed >> 32)};
  const double probability = double{draw.probability};
  for (std::size_t e = 0; e < input.values.size(); ++e) {
    const auto words = philox(key, {static_cast<std::uint32_t>(e / 4), draw.step, draw.layer,
                                    static_cast<std::uint32_t>(random_stream::dropout)});
    const double u = (words[e % 4] >> 8) * 0x1p-24;
    input.values[e] *= u < probability ? 0 : 1 / (1 - probability);
  }
  return input;
}

std::vector<double> cross_entropy(const tensor &logits, std::span<const std::int32_t> labels,
                                  double smoothing) {
  std::vector<double> losses;
  const tensor shares = softmax(logits);
  for (int n = 0; n < logits.batch; ++n) {
    const std::int32_t label = labels[static_cast<std::size_t>(n)];
    double loss = 0;
    for (int c = 0; c < logits.channels && label >= 0; ++c) {
      const double target = (c == label ? 1 - smoothing : 0) + smoothing / logits.channels;
      loss -= target * std::log(shares(n, 0, 0, c));
    }
    losses.push_back(loss);
  }
  return losses;
}

tensor cross_entropy_backward(const tensor &logits, std::span<const std::int32_t> labels, double smoothing,
                              double weight) {
  tensor result = softmax(logits);
  for_each_element(result, [&](int n, int y, int x, int c) {
    const std::int32_t label = labels[static_cast<std::size_t>(n)];
    const double target = (c == label ? 1 - smoothing : 0) + smoothing / logits.channels;
    double &gradient = result(n, y, x, c);
    gradient = label < 0 ? 0 : weight * (gradient - target);
  });
  return result;
}

tensor squared_error_backward(const tensor &values, std::span<const double> targets,
                              std::span<const std::int32_t> labels, double weight) {
  tensor result(values.batch, 1, 1, values.channels);
  const int numbers = static_cast<int>(targets.size()) / values.batch;
  for (int n = 0; n < values.batch; ++n) {
    const std::int32_t label = labels[static_cast<std::size_t>(n)];
    if (label < 0) continue;
    const int first = numbers < values.channels ? label * numbers : 0;
    for (int i = 0; i < numbers; ++i)
      result(n, 0, 0, first + i) =
          weight * (values(n, 0, 0, first + i) - targets[static_cast<std::size_t>(n * numbers + i)]);
  }
  return result;
}

std::vector<double> squared_error(const tensor &values, std::span<const double> targets,
                                  std::span<const std::int32_t> labels) {
  const tensor differences = squared_error_backward(values, targets, labels, 1);
  std::vector<double> losses(labels.size());
  for_each_element(differences, [&](int n, int y, int x, int c) {
    losses[static_cast<std::size_t>(n)] += differences(n, y, x, c) * differences(n, y, x, c) / 2;
  });
  return losses;
}

sgd_result sgd(const std::vector<double> &gradients, const std::vector<double> &parameters,
               const std::vector<double> &momenta, const sgd_arguments &update) {
  const double learning_rate = update.learning_rate, rate = update.momentum, decay = update.weight_decay,
               scale = update.gradient_scale;
  sgd_result result{parameters, momenta};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const double d = scale * gradients[i] + decay * parameters[i];
    double &momentum = result.momenta[i];
    momentum = rate * momentum + d;
    result.parameters[i] -= learning_rate * (update.nesterov ? d + rate * momentum : momentum);
  }
  return result;
}

} // namespace vggen::test
