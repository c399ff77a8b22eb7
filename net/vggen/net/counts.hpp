// Exact counts of a network, all constexpr.
#pragma once

#include <vggen/net/network.hpp>

#include <cstdint>

namespace vggen {

/// Weights and biases of the whole network, with the scales and shifts of its batch norms.
template <class Network> constexpr std::int64_t parameters(Network) {
  std::int64_t sum = 0;
  for (const auto &layer : layer_infos<Network>)
    sum += layer.parameter_count();
  return sum;
}

/// Parameters of the convolutions before the classifier and of their batch norms.
template <class Network> constexpr std::int64_t convolution_parameters(Network) {
  std::int64_t sum = 0;
  for (const auto &layer : layer_infos<Network>)
    if (!layer.in_top) sum += layer.parameter_count();
  return sum;
}

/// Multiply-adds for one image.
template <class Network> constexpr std::int64_t multiply_adds(Network) {
  std::int64_t sum = 0;
  for (const auto &layer : layer_infos<Network>)
    sum += layer.multiply_adds();
  return sum;
}

/// What the network gives for one image.
template <class Network> constexpr shape output_shape(Network) { return layer_infos<Network>.back().output; }

/// What the network takes for one image.
template <class Network> constexpr shape input_shape(Network) { return layer_infos<Network>.front().output; }

/// Classes that the network tells apart: the channels of its output.
template <class Network> constexpr int classes(Network network) { return output_shape(network).channels; }

/// Boxes that the network gives for one image, one or one a class; 0 if it gives none.
template <class Network> constexpr int boxes_of(Network network) {
  return layer_infos<Network>.back().kind == layer_kind::boxes ? output_shape(network).channels / box_numbers
                                                               : 0;
}

/// Side of the square of input pixels that one output pixel of layer Index depends on, padding included
/// (Dumoulin and Visin 2016); of the last layer before the classifier unless an index is given.
template <class Network> constexpr int receptive_field(Network, int index = -1) {
  int field = 1, jump = 1;
  for (const auto &layer : layer_infos<Network>) {
    if (index >= 0 ? layer.index > index : layer.in_top) break;
    if (layer.kind == layer_kind::conv) field += (layer.filter_height - 1) * jump;
    if (layer.kind == layer_kind::max_pool) field += jump, jump *= 2;
  }
  return field;
}

/// Bytes of all parameters as float32.
template <class Network> constexpr std::int64_t parameter_bytes(Network network) {
  return parameters(network) * std::int64_t{sizeof(float)};
}

/// Bytes of all layers' outputs for a batch as float32, without reuse (what the paper's readers call
/// activation memory); relu, dropout, boxes and folded batch norms are computed in place and not counted.
template <class Network> constexpr std::int64_t activation_bytes(Network) {
  std::int64_t sum = 0;
  for (const auto &layer : layer_infos<Network>)
    if (layer.kind != layer_kind::relu && layer.kind != layer_kind::batch_norm &&
        !layer.is_nothing_at_inference())
      sum += layer.output.size();
  return sum * Network::batch * std::int64_t{sizeof(float)};
}

} // namespace vggen
