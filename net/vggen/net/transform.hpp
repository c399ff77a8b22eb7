// Compile-time functions from network to network. They compose:
//     with_batch<8>(with_classes<10>(with_input<3, 32, 32>(vgg16)))
#pragma once

#include <vggen/net/counts.hpp>
#include <vggen/net/network.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace vggen {

namespace detail {

/// A string as a template argument: freeze_until<"conv4_1">.
template <std::size_t N> struct fixed_string {
  char text[N]{};
  constexpr fixed_string(const char (&s)[N]) {
    std::copy_n(s, N, text);
  } // NOLINT(google-explicit-constructor)
  [[nodiscard]] constexpr std::string_view view() const { return {text, N - 1}; }
};

template <class Network> constexpr int first_of(layer_kind kind) {
  for (const auto &layer : layer_infos<Network>)
    if (layer.kind == kind) return layer.index;
  return -1;
}

template <class Network> constexpr int last_with_weights() {
  int last = -1;
  for (const auto &layer : layer_infos<Network>)
    if (layer.has_weights()) last = layer.index;
  return last;
}

/// The options of a network of which only the first `count` layers stay.
constexpr network_options options_of_first(network_options options, int count) {
  options.frozen_layers = std::min(options.frozen_layers, count);
  if (count < 64) options.features &= (std::uint64_t{1} << count) - 1;
  return options;
}

/// The options of a network that loses layer `index`.
constexpr network_options options_without(network_options options, int index) {
  if (options.frozen_layers > index) --options.frozen_layers;
  const std::uint64_t before = (std::uint64_t{1} << index) - 1;
  options.features = (options.features & before) | (options.features >> 1 & ~before);
  return options;
}

/// The options of a network that gains a layer before layer `index`.
constexpr network_options options_with(network_options options, int index) {
  if (options.frozen_layers > index) ++options.frozen_layers;
  const std::uint64_t before = (std::uint64_t{1} << index) - 1;
  options.features = (options.features & before) | (options.features & ~before) << 1;
  return options;
}

/// The layer that stores the output of layer `index` after inference: the relu that is computed with it,
/// after the batch norm that is folded into it; the layer before one that computes nothing.
template <class Network> constexpr int storing_layer(int index) {
  const auto layer = [](int i) { return layer_infos<Network>[static_cast<std::size_t>(i)]; };
  for (const layer_kind computed_with : {layer_kind::batch_norm, layer_kind::relu})
    if (index + 1 < static_cast<int>(Network::layer_count) && layer(index + 1).kind == computed_with) ++index;
  while (layer(index).is_nothing_at_inference())
    --index;
  return index;
}

/// The same layer with another number of outputs.
template <int Outputs, int O> constexpr auto with_outputs(layers::conv3x3<O>) { return conv3x3<Outputs>; }
template <int Outputs, int O> constexpr auto with_outputs(layers::conv1x1<O>) { return conv1x1<Outputs>; }
template <int Outputs, int O, int H, int W> constexpr auto with_outputs(layers::conv<O, H, W>) {
  return conv<Outputs, H, W>;
}
template <int Outputs, int O> constexpr auto with_outputs(layers::fully_connected<O>) {
  return fully_connected<Outputs>;
}

} // namespace detail

/// The network for another input. Its classifier is sized anew.
template <int Channels, int Height, int Width, network_options Options, class... Layers>
constexpr auto with_input(network<Options, Layers...> net) {
  return detail::network_of<Options>(
      hana::prepend(hana::drop_front(net.layers), input<Channels, Height, Width>));
}

/// An extent that is known when the network runs, and never larger: with_input<3, dynamic<512, 512>>(net).
template <int MaxHeight, int MaxWidth> struct dynamic {
  static constexpr int height = MaxHeight, width = MaxWidth;
};

/// The network for images of any extent up to a largest one, which its memory is sized for.
template <int Channels, class Extent, network_options Options, class... Layers>
constexpr auto with_input(network<Options, Layers...> net) {
  return detail::network_of<Options>(
      hana::prepend(hana::drop_front(net.layers), dynamic_input<Channels, Extent::height, Extent::width>));
}

/// The network with the last layer that has weights replaced by one of N outputs.
template <int N, network_options Options, class... Layers>
constexpr auto with_classes(network<Options, Layers...> net) {
  using type = network<Options, Layers...>;
  constexpr int last = detail::last_with_weights<type>();
  static_assert(last >= 0 && layer_infos<type>[static_cast<std::size_t>(last)].in_top,
                "with_classes: the network has no classifier whose classes could be changed (without_top was "
                "applied?); use with_top(flatten, fully_connected<classes>, softmax)");
  constexpr auto index = hana::size_c<static_cast<std::size_t>(last)>;
  return detail::network_of<Options>(hana::concat(
      hana::append(hana::take_front(net.layers, index), detail::with_outputs<N>(net.layers[index])),
      hana::drop_front(net.layers, index + hana::size_c<1>)));
}

/// The network with its last fully connected layer, and what follows it, replaced by one of N boxes: one, or
/// one for each of N classes, as in appendix A of the paper.
template <int N, network_options Options, class... Layers>
constexpr auto with_boxes(network<Options, Layers...> net) {
  using type = network<Options, Layers...>;
  constexpr int last = std::max(0, detail::last_with_weights<type>());
  static_assert(layer_infos<type>[static_cast<std::size_t>(last)].kind == layer_kind::fully_connected,
                "with_boxes: the network has no fully connected layer that boxes could take the place of "
                "(without_top was applied?); use with_top(flatten, fully_connected<4>, boxes<1>)");
  return detail::network_of<detail::options_of_first(Options, last)>(
      hana::concat(hana::take_front(net.layers, hana::size_c<static_cast<std::size_t>(last)>),
                   hana::make_tuple(fully_connected<box_numbers * N>, boxes<N>)));
}

/// The same network, if it tells exactly N classes apart; otherwise it does not compile. For labels and data
/// that are fixed when the program is written.
template <int N, network_options Options, class... Layers>
constexpr auto require_classes(network<Options, Layers...> net) {
  static_assert(classes(network<Options, Layers...>{}) == N,
                "require_classes: the number of classes does not match the network's; the number needed and "
                "the layers of the network are named beside this message");
  return net;
}

/// The network up to its last layer before the classifier (pool5). Of the classifier, nothing stays frozen.
template <network_options Options, class... Layers>
constexpr auto without_top(network<Options, Layers...> net) {
  using type = network<Options, Layers...>;
  constexpr auto count = [] {
    std::size_t n = 0;
    for (const auto &layer : layer_infos<type>)
      if (!layer.in_top && layer.kind != layer_kind::softmax) ++n;
    return n;
  }();
  constexpr network_options options = detail::options_of_first(Options, static_cast<int>(count));
  return detail::network_of<options>(hana::take_front(net.layers, hana::size_c<count>));
}

/// The network with its classifier replaced by the given layers, which are trained.
template <network_options Options, class... Layers, class... Top>
constexpr auto with_top(network<Options, Layers...>, Top... top) {
  constexpr auto features = without_top(network<Options, Layers...>{});
  return detail::network_of<features.options>(hana::concat(features.layers, layer_sequence(top...)));
}

/// The network with its fully connected layers as convolutions (flatten goes, the first becomes a valid
/// convolution over the whole extent, the others 1x1): dense evaluation, section 3.2 of the paper. The
/// weights are the same numbers in the same order.
template <network_options Options, class... Layers>
constexpr auto fully_convolutional(network<Options, Layers...> net) {
  using type = network<Options, Layers...>;
  constexpr int at = detail::first_of<type>(layer_kind::flatten);
  static_assert(at >= 0,
                "fully_convolutional: the network has no flatten, so no fully connected layer to turn "
                "into a convolution");
  constexpr auto index = static_cast<std::size_t>(at);
  constexpr auto convert = [](auto placed) {
    using layer = typename decltype(placed)::layer_type;
    constexpr shape extent = layer_infos<type>[at].input;
    if constexpr (layer::kind != layer_kind::fully_connected)
      return layer{};
    else if constexpr (placed.index == at + 1)
      return conv<layer::outputs, extent.height, extent.width>;
    else
      return conv1x1<layer::outputs>;
  };
  constexpr network_options options = detail::options_without(Options, at);
  return detail::network_of<options>(
      hana::concat(hana::take_front(net.layers, hana::size_c<index>),
                   hana::transform(hana::drop_front(net.placed, hana::size_c<index + 1>), convert)));
}

/// The network with Num/Den times the channels in every layer but the last; at least one each.
template <int Num, int Den, network_options Options, class... Layers>
constexpr auto with_width(network<Options, Layers...> net) {
  static_assert(Num >= 1 && Den >= 1, "with_width: needs a positive fraction");
  using type = network<Options, Layers...>;
  constexpr int last =
      classes(type{}) > 0 && layer_infos<type>.back().in_top ? detail::last_with_weights<type>() : -1;
  constexpr auto convert = [](auto placed) {
    using layer = typename decltype(placed)::layer_type;
    if constexpr (placed.index != last && requires { layer::outputs; })
      return detail::with_outputs<std::max(1, layer::outputs * Num / Den)>(layer{});
    else
      return layer{};
  };
  return detail::network_of<Options>(hana::transform(net.placed, convert));
}

namespace detail {

/// The options of a network with a batch norm after each convolution of its features.
template <class Network> constexpr network_options options_with_batch_norm() {
  network_options options = Network::options;
  for (std::size_t i = Network::layer_count; i-- > 0;) {
    const layer_info &layer = layer_infos<Network>[i];
    if (layer.kind == layer_kind::conv && !layer.in_top) options = options_with(options, layer.index + 1);
  }
  return options;
}

} // namespace detail

/// The network with a batch norm after each convolution before the classifier: vgg11_bn … vgg19_bn.
template <network_options Options, class... Layers>
constexpr auto with_batch_norm(network<Options, Layers...> net) {
  using type = network<Options, Layers...>;
  static_assert(detail::first_of<type>(layer_kind::batch_norm) < 0,
                "with_batch_norm: the network has batch norms; the layers are named beside this message");
  constexpr auto convert = [](auto placed) {
    using layer = typename decltype(placed)::layer_type;
    constexpr layer_info info = layer_infos<type>[static_cast<std::size_t>(placed.index)];
    if constexpr (info.kind == layer_kind::conv && !info.in_top)
      return hana::make_tuple(layer{}, batch_norm);
    else
      return hana::make_tuple(layer{});
  };
  return detail::network_of<detail::options_with_batch_norm<type>()>(
      hana::flatten(hana::transform(net.placed, convert)));
}

/// The network with an adaptive average pool to Height x Width before its flatten, as torchvision has it: its
/// fully connected layers stay of one size whatever the input's extent is.
template <int Height, int Width, network_options Options, class... Layers>
constexpr auto with_adaptive_pool(network<Options, Layers...> net) {
  using type = network<Options, Layers...>;
  constexpr int at = detail::first_of<type>(layer_kind::flatten);
  static_assert(at >= 0,
                "with_adaptive_pool: the network has no flatten to pool before; the layers are named "
                "beside this message");
  constexpr auto index = hana::size_c<static_cast<std::size_t>(at)>;
  return detail::network_of<detail::options_with(Options, at)>(
      hana::concat(hana::append(hana::take_front(net.layers, index), adaptive_average_pool<Height, Width>),
                   hana::drop_front(net.layers, index)));
}

/// The mean, or the maximum, of each channel as a vector: what Keras calls pooling='avg' and 'max'.
inline constexpr auto global_average_pool = layer_sequence(adaptive_average_pool<1, 1>, flatten);
inline constexpr auto global_max_pool = layer_sequence(adaptive_max_pool<1, 1>, flatten);

/// The network without its softmax: its output are the logits.
template <network_options Options, class... Layers>
constexpr auto without_softmax(network<Options, Layers...> net) {
  using type = network<Options, Layers...>;
  static_assert(layer_infos<type>.back().kind == layer_kind::softmax,
                "without_softmax: the network does not end with a softmax; its layers are named beside this "
                "message");
  constexpr int count = static_cast<int>(type::layer_count) - 1;
  return detail::network_of<detail::options_of_first(Options, count)>(
      hana::take_front(net.layers, hana::size_c<static_cast<std::size_t>(count)>));
}

/// The network as it is applied to whole images (section 3.2 of the VGG paper, arXiv 1409.1556): fully
/// convolutional, its scores averaged over space, and the softmax, if it had one, of their mean. The map of
/// scores is one of its features. With an input that is dynamic:
///     with_input<3, dynamic<512, 512>>(dense(vgg16))
template <network_options Options, class... Layers> constexpr auto dense(network<Options, Layers...> net) {
  constexpr auto map = fully_convolutional(net);
  using map_type = std::remove_const_t<decltype(map)>;
  constexpr bool has_softmax = layer_infos<map_type>.back().kind == layer_kind::softmax;
  constexpr int scores = static_cast<int>(map_type::layer_count) - (has_softmax ? 2 : 1);
  static_assert(scores < 64, "dense: only networks of up to 63 layers before the softmax are supported");
  constexpr network_options options = [] {
    network_options with_map = map_type::options;
    with_map.features |= std::uint64_t{1} << scores;
    return with_map;
  }();
  constexpr auto averaged = layer_sequence(
      hana::take_front(map.layers, hana::size_c<static_cast<std::size_t>(scores) + 1>), global_average_pool);
  if constexpr (has_softmax)
    return detail::network_of<options>(hana::append(averaged, softmax));
  else
    return detail::network_of<options>(averaged);
}

/// The network compiled for batches of N images.
template <int N, network_options Options, class... Layers>
constexpr auto with_batch(network<Options, Layers...>) {
  constexpr network_options options{
      .batch = N, .frozen_layers = Options.frozen_layers, .features = Options.features};
  return network<options, Layers...>{};
}

/// The network whose layers before the named one (paper's, torchvision's or Keras's name) are not trained.
template <detail::fixed_string Name, network_options Options, class... Layers>
constexpr auto freeze_until(network<Options, Layers...>) {
  constexpr int index = find_layer<network<Options, Layers...>>(Name.view());
  static_assert(index >= 0,
                "freeze_until: the network has no layer of that name; the name and the layers are "
                "named beside this message");
  constexpr network_options options{
      .batch = Options.batch, .frozen_layers = index, .features = Options.features};
  return network<options, Layers...>{};
}

/// The network with the named layers (paper's, torchvision's or Keras's names) as its features: a run of
/// inference (MODE features) leaves their outputs to be looked at, all of them, and MODE gradients computes
/// the gradients of a loss that is a function of them. A convolution's and its relu's output are the same
/// one: that after the relu. Features that were there before stay.
template <detail::fixed_string... Names, network_options Options, class... Layers>
constexpr auto with_features(network<Options, Layers...>) {
  using type = network<Options, Layers...>;
  constexpr auto found = [](std::string_view name) {
    const int index = find_layer<type>(name);
    return index > 0 && index < 64;
  };
  static_assert(
      (found(Names.view()) && ...),
      "with_features: the network has no layer of one of the names among its first 64; the names and "
      "the layers are named beside this message");
  constexpr network_options options{
      .batch = Options.batch,
      .frozen_layers = Options.frozen_layers,
      .features =
          Options.features |
          (std::uint64_t{0} | ... |
           (std::uint64_t{1} << detail::storing_layer<type>(std::max(0, find_layer<type>(Names.view())))))};
  return network<options, Layers...>{};
}

} // namespace vggen
