// A network: a constexpr value whose type is the flat sequence of its layers.
//
//     inline constexpr auto tiny = sequential(input<3, 32, 32>, repeat<2>(conv3x3<16>, relu), max_pool<2>,
//                                             flatten, fully_connected<10>, softmax);
#pragma once

#include <vggen/net/layer_at.hpp>
#include <vggen/net/layer_info.hpp>

#include <boost/hana.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace vggen {

namespace hana = boost::hana;

/// What holds for a network as a whole.
struct network_options {
  int batch = 1;              ///< images that one run takes
  int frozen_layers = 0;      ///< layers, from the first, that training leaves as they are
  std::uint64_t features = 0; ///< bit i: layer i's output is looked at after a run (with_features)

  constexpr bool operator==(const network_options &) const = default;
};

/// Represents a network: its layers as tags (`layers`), in their places (`placed`) and as values (`infos`).
template <network_options Options, class... Layers> struct network {
  static_assert(
      sizeof...(Layers) > 0,
      "sequential: the network is empty; it needs at least input<channels, height, width> and one layer");
  static_assert(sizeof...(Layers) != 1, "sequential: the network has an input and no layer");
  static_assert(Options.batch >= 1, "with_batch: a batch holds at least 1 image");

  static constexpr network_options options = Options;
  static constexpr int batch = Options.batch;
  static constexpr std::size_t layer_count = sizeof...(Layers);
  static constexpr hana::tuple<Layers...> layers{};
  static constexpr std::array<layer_info, sizeof...(Layers)> infos = make_layer_infos(Layers{}...);

private:
  template <std::size_t... I> static constexpr auto place(std::index_sequence<I...>) {
    return hana::tuple<
        layer_at<I, Layers, infos[I].input, I == 0 ? layer_kind::none : infos[I == 0 ? 0 : I - 1].kind>...>{};
  }

public:
  /// The layers in their places: hana::tuple<layer_at<index, layer, shape, kind before>...>.
  static constexpr auto placed = place(std::make_index_sequence<sizeof...(Layers)>{});
};

namespace detail {

template <class T> inline constexpr bool is_network = false;
template <network_options O, class... L> inline constexpr bool is_network<network<O, L...>> = true;

/// A layer, or a sequence of layers (what repeat gives), as a sequence.
struct as_sequence {
  template <class T> constexpr auto operator()(T part) const {
    if constexpr (hana::is_a<hana::tuple_tag, T>)
      return part;
    else
      return hana::make_tuple(part);
  }
};

template <network_options Options, class... Layers> constexpr auto network_of(hana::tuple<Layers...>) {
  using result = network<Options, Layers...>;
  if constexpr (sizeof...(Layers) > 1)
    (void)result::placed; // a wrong network fails here, where it is written
  return result{};
}

} // namespace detail

/// The layers in order, as a sequence: parts are layers and sequences.
template <class... Parts> constexpr auto layer_sequence(Parts... parts) {
  return hana::flatten(hana::make_tuple(detail::as_sequence{}(parts)...));
}

/// Count copies of the given layers, one after the other.
template <int Count, class... Parts> constexpr auto repeat(Parts... parts) {
  static_assert(Count >= 1, "repeat: needs a count of at least 1");
  return hana::flatten(hana::replicate<hana::tuple_tag>(layer_sequence(parts...), hana::size_c<Count>));
}

/// The network made of the given layers, in order. A wrong one does not compile (layer_at.hpp has the rules).
template <class... Parts> constexpr auto sequential(Parts... parts) {
  return detail::network_of<network_options{}>(layer_sequence(parts...));
}

/// The layers of a network as values: std::array<layer_info, N>, input first.
template <class Network> inline constexpr auto layer_infos = Network::infos;

/// The index of the layer of that name (the paper's, torchvision's module or Keras's), or -1.
template <class Network> constexpr int find_layer(std::string_view name) {
  for (const auto &layer : layer_infos<Network>)
    if (!name.empty() &&
        (layer.name.view() == name || layer.module.view() == name || layer.keras.view() == name))
      return layer.index;
  return -1;
}

/// Whether the extent of the network's input is known only when it runs.
template <class Network> inline constexpr bool is_dynamic = layer_infos<Network>.front().output.dynamic;

/// The smallest input that gives every layer at least one pixel.
template <class Network> constexpr shape least_input() {
  shape least = layer_infos<Network>.front().output;
  least.height = least.width = 1;
  for (std::size_t i = Network::layer_count; i-- > 1;) {
    const layer_info &layer = layer_infos<Network>[i];
    if (layer.kind == layer_kind::conv && !layer.padding)
      least.height += layer.filter_height - 1, least.width += layer.filter_width - 1;
    if (layer.kind == layer_kind::max_pool) least.height *= 2, least.width *= 2;
    if (layer.is_adaptive_pool()) least.height = least.width = 1;
  }
  return least;
}

/// The outputs of all layers for an input of that extent.
template <class Network> constexpr std::array<shape, Network::layer_count> output_shapes(const shape &input) {
  std::array<shape, Network::layer_count> shapes{input};
  for (std::size_t i = 1; i < Network::layer_count; ++i)
    shapes[i] = detail::infer_output(layer_infos<Network>[i], shapes[i - 1]);
  return shapes;
}

/// The multiply-adds for one image of that extent.
template <class Network> constexpr std::int64_t multiply_adds_at(const shape &input) {
  const auto shapes = output_shapes<Network>(input);
  std::int64_t sum = 0;
  for (std::size_t i = 1; i < Network::layer_count; ++i)
    sum += layer_infos<Network>[i].weight_count() * shapes[i].height * shapes[i].width;
  return sum;
}

/// Whether a layer's output is one of the network's features. (Features are layers whose output is stored:
/// with_features takes care of that.)
template <class Network> constexpr bool is_feature(int layer) {
  return layer < 64 && (Network::options.features >> layer & 1) != 0;
}

/// The last layer that is a feature; -1 if there is none.
template <class Network> constexpr int last_feature() {
  return static_cast<int>(std::bit_width(Network::options.features)) - 1;
}

} // namespace vggen
