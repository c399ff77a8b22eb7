#include "vggen/formats/vgg_transforms.hpp"

#include "vggen/io/error.hpp"
#include "vggen/io/preprocessing.hpp"

#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace vggen {

namespace {

std::vector<float> values_of(const stored_tensor &tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.size()));
  tensor.read(values);
  return values;
}

// The factor of each output, and what is then added, in double precision.
struct norm_constants {
  std::vector<double> factors, summands;

  explicit norm_constants(const batch_norm_weights &norm) {
    const std::vector<float> weight = values_of(norm.weight), bias = values_of(norm.bias),
                             mean = values_of(norm.running_mean), variance = values_of(norm.running_var);
    for (std::size_t i = 0; i < weight.size(); ++i) {
      factors.push_back(weight[i] / std::sqrt(double{variance[i]} + norm.epsilon));
      summands.push_back(bias[i] - mean[i] * factors.back());
    }
  }
};

void fold(convolution_weights &convolution) {
  const batch_norm_weights norm = *convolution.norm;
  convolution.norm.reset();
  convolution.weight.read = [read = std::move(convolution.weight.read), norm](std::span<float> to) {
    read(to);
    const norm_constants constants(norm);
    const std::size_t window = to.size() / constants.factors.size();
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = static_cast<float>(to[i] * constants.factors[i / window]);
  };
  convolution.bias.read = [read = std::move(convolution.bias.read), norm](std::span<float> to) {
    read(to);
    const norm_constants constants(norm);
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = static_cast<float>(to[i] * constants.factors[i] + constants.summands[i]);
  };
}

// The first convolution, which must take three channels.
stored_tensor &first_weight(vgg_weights &weights) {
  stored_tensor &weight = weights.blocks.at(0).at(0).weight;
  if (weight.shape[1] != 3)
    throw error(error_code::mismatch, weights.file + ": found a network that takes " +
                                          std::to_string(weight.shape[1]) + " channels, expected 3");
  return weight;
}

template <class Change> void change_preprocessing(vgg_weights &weights, Change change) {
  const auto entry = weights.metadata.find("preprocess");
  if (entry == weights.metadata.end()) return;
  preprocessing how = parse_preprocessing(entry->second);
  change(how);
  how.name.clear();
  entry->second = to_text(how);
}

} // namespace

void fold_batch_norm(vgg_weights &weights) {
  for (auto &block : weights.blocks)
    for (convolution_weights &convolution : block)
      if (convolution.norm) fold(convolution);
}

void set_epsilon(vgg_weights &weights, double epsilon) {
  for (auto &block : weights.blocks)
    for (convolution_weights &convolution : block) {
      if (!convolution.norm || convolution.norm->epsilon == epsilon) continue;
      batch_norm_weights &norm = *convolution.norm;
      norm.weight.read = [read = std::move(norm.weight.read), variance = norm.running_var,
                          from = norm.epsilon, epsilon](std::span<float> to) {
        read(to);
        const std::vector<float> values = values_of(variance);
        for (std::size_t i = 0; i < to.size(); ++i)
          to[i] = static_cast<float>(to[i] * std::sqrt((values[i] + epsilon) / (values[i] + from)));
      };
      norm.epsilon = epsilon;
    }
}

void reverse_input_channels(vgg_weights &weights) {
  stored_tensor &weight = first_weight(weights);
  const auto window = static_cast<std::size_t>(weight.shape[2] * weight.shape[3]);
  weight.read = [read = std::move(weight.read), window](std::span<float> to) {
    read(to);
    for (std::size_t at = 0; at < to.size(); at += 3 * window)
      std::swap_ranges(to.begin() + static_cast<std::ptrdiff_t>(at),
                       to.begin() + static_cast<std::ptrdiff_t>(at + window),
                       to.begin() + static_cast<std::ptrdiff_t>(at + 2 * window));
  };
  change_preprocessing(weights, [](preprocessing &how) {
    how.reverse_channels = !how.reverse_channels;
    std::swap(how.mean[0], how.mean[2]);
    std::swap(how.deviation[0], how.deviation[2]);
  });
}

void sum_input_channels(vgg_weights &weights) {
  stored_tensor &weight = first_weight(weights);
  const auto window = static_cast<std::size_t>(weight.shape[2] * weight.shape[3]);
  weight.shape[1] = 1;
  weight.read = [read = std::move(weight.read), window](std::span<float> to) {
    std::vector<float> colours(3 * to.size());
    read(colours);
    for (std::size_t i = 0; i < to.size(); ++i) {
      const float *const first = &colours[i / window * 3 * window + i % window];
      to[i] = static_cast<float>(double{first[0]} + first[window] + first[2 * window]);
    }
  };
  change_preprocessing(weights, [](preprocessing &how) {
    how.reverse_channels = false;
    how.mean.fill(std::accumulate(how.mean.begin(), how.mean.end(), 0.f) / 3);
    how.deviation.fill(std::accumulate(how.deviation.begin(), how.deviation.end(), 0.f) / 3);
  });
}

} // namespace vggen
