// The placed layers as plain constexpr values, and their names: what plans, counts and printers compute with.
#pragma once

#include <vggen/net/layers.hpp>
#include <vggen/net/shape.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vggen {

/// A short string that a constexpr value can hold.
struct short_name {
  std::array<char, 24> text{};
  std::size_t length = 0;

  constexpr short_name() = default;
  constexpr short_name(std::string_view s) { append(s); } // NOLINT(google-explicit-constructor)

  constexpr void append(std::string_view s) {
    for (const char c : s)
      text[length++] = c;
  }
  constexpr void append(std::int64_t number) {
    if (number >= 10) append(number / 10);
    text[length++] = static_cast<char>('0' + number % 10);
  }
  [[nodiscard]] constexpr std::string_view view() const { return {text.data(), length}; }
};

/// Represents one layer of a network as a value.
struct layer_info {
  layer_kind kind{};
  int index = 0;
  shape input{};
  shape output{};
  int filter_height = 0; ///< of a convolution; of an adaptive pool: the output's
  int filter_width = 0;
  bool padding = false;           ///< of a convolution: zero padding that keeps the extents
  double dropout = 0;             ///< the share that a dropout layer drops
  bool starts_classifier = false; ///< a convolution that was, or could be, a fully connected layer
  bool in_top =
      false;         ///< part of the classifier: adaptive pool, flatten or the first such convolution, and on
  short_name name{}; ///< as the paper's users say it: conv1_1, pool5, fc6, prob
  short_name module{}; ///< torchvision's module: features.0, classifier.6; empty where it has none
  short_name keras{};  ///< Keras's layer: block1_conv1, fc1, predictions; empty where it has none

  /// Has weights and a bias.
  [[nodiscard]] constexpr bool has_weights() const {
    return kind == layer_kind::conv || kind == layer_kind::fully_connected;
  }
  /// Has parameters of some kind.
  [[nodiscard]] constexpr bool has_parameters() const {
    return has_weights() || kind == layer_kind::batch_norm;
  }
  [[nodiscard]] constexpr bool is_adaptive_pool() const {
    return kind == layer_kind::adaptive_average_pool || kind == layer_kind::adaptive_max_pool;
  }
  /// Weights: [outputs, inputs, filter height, filter width], or [outputs, inputs] where fully connected.
  [[nodiscard]] constexpr std::int64_t weight_count() const {
    if (kind == layer_kind::conv)
      return std::int64_t{output.channels} * input.channels * filter_height * filter_width;
    if (kind == layer_kind::fully_connected) return std::int64_t{output.channels} * input.channels;
    return 0;
  }
  [[nodiscard]] constexpr std::int64_t bias_count() const { return has_weights() ? output.channels : 0; }
  /// Numbers that training changes; a batch norm has a scale and a shift for each channel (its running mean
  /// and variance are not counted, as usual).
  [[nodiscard]] constexpr std::int64_t parameter_count() const {
    return weight_count() + bias_count() +
           (kind == layer_kind::batch_norm ? std::int64_t{2} * output.channels : 0);
  }
  /// Multiply-adds for one image (padding counted, as is usual; a bias is none).
  [[nodiscard]] constexpr std::int64_t multiply_adds() const {
    return weight_count() * output.height * output.width;
  }
  /// Computes nothing at inference: its output is its input.
  [[nodiscard]] constexpr bool is_nothing_at_inference() const {
    return kind == layer_kind::dropout || kind == layer_kind::boxes;
  }
  /// A 3x3 convolution with padding: what reads its input's halo.
  [[nodiscard]] constexpr bool reads_halo() const { return kind == layer_kind::conv && padding; }
};

namespace detail {

/// What a layer's tag says of it, without its place.
template <class Layer> constexpr layer_info describe_layer(Layer) {
  layer_info info;
  info.kind = Layer::kind;
  if constexpr (Layer::kind == layer_kind::input)
    info.output = {Layer::channels, Layer::height, Layer::width, false, Layer::dynamic};
  if constexpr (requires { Layer::outputs; }) info.output.channels = Layer::outputs;
  if constexpr (Layer::kind == layer_kind::conv) {
    info.filter_height = Layer::height;
    info.filter_width = Layer::width;
    info.padding = Layer::padding;
    if constexpr (requires { Layer::starts_classifier; }) info.starts_classifier = Layer::starts_classifier;
  }
  if (info.is_adaptive_pool()) {
    if constexpr (requires { Layer::height; })
      info.filter_height = Layer::height, info.filter_width = Layer::width;
  }
  if constexpr (Layer::kind == layer_kind::dropout) info.dropout = Layer::probability;
  return info;
}

/// The shape a layer gives for an input. Whether it may stand there is checked elsewhere (layer_at.hpp).
constexpr shape infer_output(const layer_info &layer, const shape &in) {
  switch (layer.kind) {
  case layer_kind::input:
    return layer.output;
  case layer_kind::conv:
    if (layer.padding) return {layer.output.channels, in.height, in.width, false, in.dynamic};
    return {layer.output.channels, in.height - layer.filter_height + 1, in.width - layer.filter_width + 1,
            false, in.dynamic};
  case layer_kind::max_pool:
    return {in.channels, in.height / 2, in.width / 2, false, in.dynamic};
  case layer_kind::adaptive_average_pool:
  case layer_kind::adaptive_max_pool:
    return {in.channels, layer.filter_height, layer.filter_width};
  case layer_kind::flatten:
    return {static_cast<int>(in.size()), 1, 1, true};
  case layer_kind::fully_connected:
    return {layer.output.channels, 1, 1, true};
  default:
    return in;
  }
}

/// Names by the paper's users' habit: blocks end at pools, fully connected layers count on from the blocks.
template <std::size_t N> constexpr void name_layers(std::array<layer_info, N> &all) {
  int last_sum = 0;
  for (const auto &layer : all)
    if (layer.has_weights()) last_sum = layer.index;

  int block = 1, conv_in_block = 0, top_layers = 0, top_start = -1;
  const auto numbered = [](short_name &name, std::string_view prefix, int a, int b) {
    name.append(prefix);
    name.append(a);
    if (b >= 0) name.append("_"), name.append(b);
  };
  for (auto &layer : all) {
    if (top_start < 0 && (layer.kind == layer_kind::flatten || layer.starts_classifier))
      // torchvision flattens outside its classifier, whose first module is the layer after it
      top_start = layer.kind == layer_kind::flatten ? layer.index + 1 : layer.index;
    layer.in_top = top_start >= 0 || layer.is_adaptive_pool();
    const int number = block + top_layers - 1;
    switch (layer.kind) {
    case layer_kind::none:
      break;
    case layer_kind::input:
      layer.name.append("input");
      break;
    case layer_kind::conv:
    case layer_kind::fully_connected:
      if (layer.in_top) {
        ++top_layers;
        numbered(layer.name, "fc", block + top_layers - 1, -1);
        if (layer.index == last_sum)
          layer.keras.append("predictions");
        else
          numbered(layer.keras, "fc", top_layers, -1);
      } else {
        ++conv_in_block;
        numbered(layer.name, "conv", block, conv_in_block);
        numbered(layer.keras, "block", block, -1);
        numbered(layer.keras, "_conv", conv_in_block, -1);
      }
      break;
    case layer_kind::batch_norm:
      if (layer.in_top) {
        numbered(layer.name, "bn", number, -1);
        numbered(layer.keras, "bn", top_layers, -1);
      } else {
        numbered(layer.name, "bn", block, conv_in_block);
        numbered(layer.keras, "block", block, -1);
        numbered(layer.keras, "_bn", conv_in_block, -1);
      }
      break;
    case layer_kind::relu:
      if (layer.in_top)
        numbered(layer.name, "relu", number, -1);
      else
        numbered(layer.name, "relu", block, conv_in_block);
      break;
    case layer_kind::local_response_norm:
      numbered(layer.name, "norm", block, conv_in_block);
      break;
    case layer_kind::max_pool:
      numbered(layer.name, "pool", block, -1);
      numbered(layer.keras, "block", block, -1);
      layer.keras.append("_pool");
      ++block;
      conv_in_block = 0;
      break;
    case layer_kind::adaptive_average_pool:
      layer.name.append("avgpool");
      layer.module.append("avgpool");
      break;
    case layer_kind::adaptive_max_pool:
      layer.name.append("maxpool");
      break;
    case layer_kind::flatten:
      layer.name.append("flatten");
      layer.keras.append("flatten");
      break;
    case layer_kind::dropout:
      numbered(layer.name, "drop", number, -1);
      break;
    case layer_kind::softmax:
      layer.name.append("prob");
      break;
    case layer_kind::boxes:
      layer.name.append("boxes");
      break;
    }
    if (layer.kind != layer_kind::input && layer.kind != layer_kind::flatten &&
        layer.kind != layer_kind::softmax && layer.kind != layer_kind::boxes && !layer.is_adaptive_pool()) {
      layer.module.append(layer.in_top ? "classifier." : "features.");
      layer.module.append(layer.in_top ? layer.index - top_start : layer.index - 1);
    }
  }
}

} // namespace detail

/// The layers in order as values: the one fold that infers every shape, and the names.
template <class... Layers>
constexpr std::array<layer_info, sizeof...(Layers)> make_layer_infos(Layers... layers) {
  std::array<layer_info, sizeof...(Layers)> all{detail::describe_layer(layers)...};
  shape current{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].index = static_cast<int>(i);
    all[i].input = current;
    all[i].output = current = detail::infer_output(all[i], current);
  }
  detail::name_layers(all);
  return all;
}

} // namespace vggen
