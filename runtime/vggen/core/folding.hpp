// Batch norms whose statistics are fixed, folded into the convolutions before them:
//
//     factor  = scale / sqrt(running variance + epsilon)
//     weights = weights * factor, output by output
//     bias    = (bias - running mean) * factor + shift
//
// so that inference has no batch norm at all. Folded biases stay in memory; folded weights only until they
// are packed, in a place that all layers share.
#pragma once

#include "vggen/core/stitch.hpp"

#include <vggen/net/batch_norm.hpp>
#include <vggen/net/parameters.hpp>
#include <vggen/net/plan.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace vggen {

namespace detail {

/// Represents where folded parameters lie in one block of memory, of a network whose batch norms before layer
/// `End` are folded.
template <class Network, int End> struct folding_plan {
  /// The batch norm that is folded into a convolution; -1 if there is none.
  static constexpr int norm_of(int convolution) {
    const int norm = convolution < 0 ? -1 : batch_norm_of<Network>(convolution);
    return norm < End ? norm : -1;
  }

  /// Floats before a convolution's folded bias, in whole cache lines. Of the layer behind the last one: of
  /// all.
  static constexpr std::int64_t bias_offset(int convolution) {
    constexpr std::int64_t unit = arena_alignment / std::int64_t{sizeof(float)};
    std::int64_t floats = 0;
    for (const layer_info &layer : layer_infos<Network>)
      if (layer.index < convolution && norm_of(layer.index) >= 0)
        floats += (layer.output.channels + unit - 1) / unit * unit;
    return floats;
  }
  static constexpr std::int64_t bias_floats = bias_offset(static_cast<int>(Network::layer_count));

  /// Floats of the largest layer's weights: where they are folded, one after the other.
  static constexpr std::int64_t weight_floats = [] {
    std::int64_t largest = 0;
    for (const layer_info &layer : layer_infos<Network>)
      if (norm_of(layer.index) >= 0) largest = std::max(largest, layer.weight_count());
    constexpr std::int64_t unit = arena_alignment / std::int64_t{sizeof(float)};
    return (largest + unit - 1) / unit * unit;
  }();
  static constexpr std::int64_t floats = bias_floats + weight_floats;

  /// Folds the biases of all convolutions whose parameters are there into `memory`.
  static void fold_biases(const float *const *parameters, float *memory) noexcept {
    for (const layer_info &layer : layer_infos<Network>) {
      if (norm_of(layer.index) < 0) continue;
      const operands of = operands_of(layer.index, parameters);
      if (!of.bias || !of.scale || !of.shift || !of.mean || !of.variance) continue;
      float *const folded = memory + bias_offset(layer.index);
      for (std::size_t k = 0; k < static_cast<std::size_t>(layer.output.channels); ++k)
        folded[k] = static_cast<float>((double{of.bias[k]} - double{of.mean[k]}) * of.factor(k) +
                                       double{of.shift[k]});
    }
  }

  /// Folds a convolution's weights into `memory`, where they last until the next layer's.
  static const float *fold_weights(int convolution, const float *const *parameters, float *memory) noexcept {
    const operands of = operands_of(convolution, parameters);
    const layer_info &layer = layer_infos<Network>[static_cast<std::size_t>(convolution)];
    const auto outputs = static_cast<std::size_t>(layer.output.channels);
    const std::size_t row = static_cast<std::size_t>(layer.weight_count()) / outputs;
    float *const folded = memory + bias_floats;
    for (std::size_t k = 0; k < outputs; ++k) {
      const double factor = of.factor(k);
      for (std::size_t i = k * row; i < (k + 1) * row; ++i)
        folded[i] = static_cast<float>(double{of.weights[i]} * factor);
    }
    return folded;
  }

private:
  struct operands {
    const float *weights, *bias, *scale, *shift, *mean, *variance;
    [[nodiscard]] double factor(std::size_t output) const {
      return double{scale[output]} / std::sqrt(double{variance[output]} + double{batch_norm_epsilon});
    }
  };
  static operands operands_of(int convolution, const float *const *parameters) {
    const float *const *const own = parameters + parameter_index<Network>(convolution);
    const float *const *const norm = parameters + parameter_index<Network>(norm_of(convolution));
    return {own[0], own[1], norm[0], norm[1], norm[2], norm[3]};
  }
};

} // namespace detail

} // namespace vggen
