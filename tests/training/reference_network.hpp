// The forward pass of a network in double precision, layer by layer and as plainly as possible: what
// gradients are checked against by finite differences of the loss.
#pragma once

#include "reference.hpp"
#include "reference_training.hpp"

#include <vggen/net/network.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace vggen::test {

/// Runs a network whose parameter tensors are `parameters`. `drop` does what dropout does, and `seen` is
/// shown each layer's output, which it may change. Returns the logits [n][1][1][c].
template <class Network, class Drop, class Seen>
tensor run_reference(const tensor &input, const std::vector<std::vector<double>> &parameters, Drop drop,
                     Seen seen) {
  tensor current = input;
  std::size_t next = 0;
  for (const layer_info &layer : layer_infos<Network>) {
    if (layer.has_parameters()) {
      filter weights(layer.output.channels, layer.input.channels, std::max(1, layer.filter_height),
                     std::max(1, layer.filter_width));
      weights.values = parameters[next];
      current = layer.kind == layer_kind::fully_connected ? fully_connected(current, weights)
                : layer.padding                           ? conv3x3(current, weights)
                                                          : conv1x1(current, weights);
      current = add_bias(std::move(current), parameters[next + 1]);
      next += 2;
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

/// The logits in training.
template <class Network>
tensor training_logits(const tensor &input, const std::vector<std::vector<double>> &parameters,
                       std::uint64_t seed, std::uint32_t step) {
  const auto drop = [&](tensor values, const layer_info &layer) {
    return dropout(std::move(values), {.probability = static_cast<float>(layer.dropout),
                                       .seed = seed,
                                       .step = step,
                                       .layer = static_cast<std::uint32_t>(layer.index)});
  };
  return run_reference<Network>(input, parameters, drop, [](const layer_info &, const tensor &) {});
}

} // namespace vggen::test
