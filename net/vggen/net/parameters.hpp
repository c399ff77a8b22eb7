// The parameter tensors of a network in their one canonical order: layer by layer, weights then bias; scale,
// shift, running mean and running variance of a batch norm.
#pragma once

#include <vggen/net/arena.hpp>
#include <vggen/net/network.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vggen {

/// What a parameter tensor is to its layer.
enum class parameter_role : std::uint8_t {
  weights,
  bias,
  scale, ///< of a batch norm, and the ones below
  shift,
  running_mean,
  running_variance,
};

/// Represents one parameter tensor, as files hold it.
struct parameter_info {
  int layer = 0; ///< index of its layer
  parameter_role role{};
  int rank = 0;                        ///< how many entries of `extents` count
  std::array<std::int64_t, 4> extents; ///< [outputs, inputs, height, width], [outputs, inputs] or [outputs]
  short_name name;                     ///< of its layer in the paper: conv1_1, fc8
  short_name module;                   ///< of its layer in torchvision: features.0, classifier.6
  short_name keras;                    ///< of its layer in Keras: block1_conv1, predictions

  /// Gathered by training, not changed by its gradients.
  [[nodiscard]] constexpr bool is_statistic() const {
    return role == parameter_role::running_mean || role == parameter_role::running_variance;
  }
  /// What PyTorch calls it within its module, and files after the layer's name.
  [[nodiscard]] constexpr std::string_view suffix() const {
    constexpr std::array<std::string_view, 6> names{"weight", "bias",         "weight",
                                                    "bias",   "running_mean", "running_var"};
    return names[static_cast<std::size_t>(role)];
  }
  [[nodiscard]] constexpr std::int64_t size() const {
    std::int64_t n = 1;
    for (int i = 0; i < rank; ++i)
      n *= extents[static_cast<std::size_t>(i)];
    return n;
  }
};

namespace detail {

template <class Network> constexpr std::size_t parameter_tensor_count() {
  std::size_t n = 0;
  for (const layer_info &layer : layer_infos<Network>)
    n += layer.has_weights() ? 2 : layer.kind == layer_kind::batch_norm ? 4 : 0;
  return n;
}

template <class Network> constexpr auto make_parameter_infos() {
  std::array<parameter_info, parameter_tensor_count<Network>()> all{};
  std::size_t next = 0;
  for (const layer_info &layer : layer_infos<Network>) {
    const auto add = [&](parameter_role role, int rank) {
      all[next++] = {
          .layer = layer.index,
          .role = role,
          .rank = rank,
          .extents = {layer.output.channels, layer.input.channels, layer.filter_height, layer.filter_width},
          .name = layer.name,
          .module = layer.module,
          .keras = layer.keras};
    };
    using enum parameter_role;
    if (layer.has_weights()) {
      add(weights, layer.kind == layer_kind::conv ? 4 : 2);
      add(bias, 1);
    }
    if (layer.kind == layer_kind::batch_norm)
      for (const parameter_role role : {scale, shift, running_mean, running_variance})
        add(role, 1);
  }
  return all;
}

} // namespace detail

/// The parameter tensors of a network: std::array<parameter_info, N>.
template <class Network> inline constexpr auto parameter_infos = detail::make_parameter_infos<Network>();

/// Where each parameter tensor lies in one block that holds them all, in floats, each aligned as tensors are;
/// the last entry is the size of the block. Weights, their gradients and their momenta are three blocks of
/// this layout.
template <class Network>
inline constexpr auto parameter_offsets = [] {
  constexpr std::int64_t unit = arena_alignment / std::int64_t{sizeof(float)};
  std::array<std::int64_t, parameter_infos<Network>.size() + 1> offsets{};
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i)
    offsets[i + 1] = offsets[i] + (parameter_infos<Network>[i].size() + unit - 1) / unit * unit;
  return offsets;
}();

} // namespace vggen
