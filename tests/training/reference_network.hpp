// The forward pass of a network in double precision, layer by layer and as plainly as possible: what
// gradients are checked against by finite differences of the loss.
#pragma once

#include "reference.hpp"
#include "reference_batch_norm.hpp"
#include "reference_training.hpp"

#include <vggen/net/network.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace vggen::test {

/// What a batch norm normalises by: its running statistics, in mean and variance.
inline std::vector<double> running_statistics(const std::vector<std::vector<double>> &parameters,
                                              std::size_t first) {
  std::vector<double> both = parameters[first + 2];
  both.insert(both.end(), parameters[first + 3].begin(), parameters[first + 3].end());
  return both;
}

/// Runs a network whose parameter tensors are `parameters`. `drop` does what dropout does, `statistics` gives
/// a batch norm's from its input, layer and first parameter, and `seen` is shown each layer's output, which
/// it may change. Returns the logits [n][1][1][c].
template <class Network, class Drop, class Statistics, class Seen>
tensor run_reference(const tensor &input, const std::vector<std::vector<double>> &parameters, Drop drop,
                     Statistics statistics, Seen seen) {
  tensor current = input;
  std::size_t next = 0;
  for (const layer_info &layer : layer_infos<Network>) {
    if (layer.has_weights()) {
      filter weights(layer.output.channels, layer.input.channels, std::max(1, layer.filter_height),
                     std::max(1, layer.filter_width));
      weights.values = parameters[next];
      current = layer.kind == layer_kind::fully_connected ? fully_connected(current, weights)
                : layer.padding                           ? conv3x3(current, weights)
                                                          : conv1x1(current, weights);
      current = add_bias(std::move(current), parameters[next + 1]);
      next += 2;
    } else if (layer.kind == layer_kind::batch_norm) {
      current = batch_norm(current, {.scale = parameters[next],
                                     .shift = parameters[next + 1],
                                     .statistics = statistics(current, layer, next)});
      next += 4;
    } else if (layer.kind == layer_kind::adaptive_average_pool) {
      current = adaptive_average_pool(current, layer.filter_height, layer.filter_width);
    } else if (layer.kind == layer_kind::adaptive_max_pool) {
      current = adaptive_max_pool(current, layer.filter_height, layer.filter_width);
    } else if (layer.kind == layer_kind::relu) {
      current = relu(std::move(current));
    } else if (layer.kind == layer_kind::max_pool) {
      current = max_pool(current);
    } else if (layer.kind == layer_kind::local_response_norm) {
      current = local_response_norm(current);
    } else if (layer.kind == layer_kind::flatten) {
      current = flatten(current);
    } else if (layer.kind == layer_kind::dropout) {
      current = drop(std::move(current), layer);
    }
    seen(layer, current);
  }
  return current;
}

/// The logits in training, of which the first `images` images count.
template <class Network>
tensor training_logits(const tensor &input, const std::vector<std::vector<double>> &parameters,
                       std::uint64_t seed, std::uint32_t step, int images) {
  const auto drop = [&](tensor values, const layer_info &layer) {
    return dropout(std::move(values), {.probability = static_cast<float>(layer.dropout),
                                       .seed = seed,
                                       .step = step,
                                       .layer = static_cast<std::uint32_t>(layer.index)});
  };
  const auto statistics = [&](const tensor &values, const layer_info &layer, std::size_t first) {
    return layer.index < Network::options.frozen_layers ? running_statistics(parameters, first)
                                                        : batch_statistics(values, images);
  };
  return run_reference<Network>(input, parameters, drop, statistics,
                                [](const layer_info &, const tensor &) {});
}

/// The logits at inference.
template <class Network>
tensor inference_logits(const tensor &input, const std::vector<std::vector<double>> &parameters) {
  return run_reference<Network>(
      input, parameters, [](tensor values, const layer_info &) { return values; },
      [&](const tensor &, const layer_info &, std::size_t first) {
        return running_statistics(parameters, first);
      },
      [](const layer_info &, const tensor &) {});
}

} // namespace vggen::test
