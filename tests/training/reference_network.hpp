// A training step's forward pass and loss in double precision, layer by layer and as plainly as possible:
// what gradients are checked against by finite differences.
#pragma once

#include "reference.hpp"

#include <vggen/core/random.hpp>
#include <vggen/net/parameters.hpp>

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace vggen::test {

/// The dropout of one layer in one step, as random.hpp's numbers say: element e of [n][y][x][c].
inline tensor dropout(tensor input, double probability, std::uint64_t seed, std::uint32_t step,
                      std::uint32_t layer) {
  const auto low = static_cast<std::uint32_t>(seed), high = static_cast<std::uint32_t>(seed >> 32);
  for (std::size_t e = 0; e < input.values.size(); ++e) {
    const auto words = philox({low, high}, {static_cast<std::uint32_t>(e / 4), step, layer,
                                            static_cast<std::uint32_t>(random_stream::dropout)});
    const double u = (words[e % 4] >> 8) * 0x1p-24;
    input.values[e] *= u < probability ? 0 : 1 / (1 - probability);
  }
  return input;
}

/// The logits [n][1][1][c] of a network whose parameter tensors are `parameters`, in training.
template <class Network>
tensor training_logits(const tensor &input, const std::vector<std::vector<double>> &parameters,
                       std::uint64_t seed, std::uint32_t step) {
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
      current =
          dropout(std::move(current), layer.dropout, seed, step, static_cast<std::uint32_t>(layer.index));
    }
  }
  return current;
}

/// The losses of a batch: cross-entropy with label smoothing; of a negative label 0.
inline std::vector<double> cross_entropy(const tensor &logits, std::span<const std::int32_t> labels,
                                         double smoothing) {
  std::vector<double> losses;
  for (int n = 0; n < logits.batch; ++n) {
    double total = 0, sum = 0;
    for (int c = 0; c < logits.channels; ++c) {
      total += std::exp(logits(n, 0, 0, c));
      sum += logits(n, 0, 0, c);
    }
    const std::int32_t label = labels[static_cast<std::size_t>(n)];
    losses.push_back(label < 0 ? 0
                               : std::log(total) - (1 - smoothing) * logits(n, 0, 0, label) -
                                     smoothing / logits.channels * sum);
  }
  return losses;
}

} // namespace vggen::test
