// The plan of an inference run: which kernels in which order, and where in the arena each tensor lies. All of
// it is known to the compiler.
//
// Layers that can be computed by one kernel form a group (convolution + relu + max-pool; a batch norm is
// folded into its convolution's weights). Whether a group runs fused or split is the schedules' choice, so a
// group carries both forms, and the arena is planned for the split form: the choice moves no tensor.
#pragma once

#include <vggen/net/arena.hpp>
#include <vggen/net/network.hpp>
#include <vggen/net/signature.hpp>

#include <boost/hana.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace vggen {

/// Represents one kernel call. Tensor i is the output of layer i.
struct kernel_call {
  signature kernel{};
  int parameter_layer = -1; ///< the layer whose weights and bias it takes; -1 for none
  int input = 0;            ///< index of the layer whose output it reads
  int output = 0;           ///< index of the last layer it computes
  constexpr bool operator==(const kernel_call &) const = default;
};

/// The batch norm that follows a convolution; -1 if there is none.
template <class Network> constexpr int batch_norm_of(int convolution) {
  const auto next = static_cast<std::size_t>(convolution) + 1;
  return next < Network::layer_count && layer_infos<Network>[next].kind == layer_kind::batch_norm
             ? convolution + 1
             : -1;
}

/// Represents layers that one kernel can compute. With `fusible` the two calls of `split` do what `fused`
/// does.
struct kernel_group {
  kernel_call fused{};
  std::array<kernel_call, 2> split{};
  bool fusible = false;
  constexpr bool operator==(const kernel_group &) const = default;
};

namespace detail {

/// A list with room for N entries, for constexpr computation.
template <class T, std::size_t N> struct bounded_list {
  std::array<T, N> items{};
  std::size_t count = 0;
  constexpr void push_back(const T &item) { items[count++] = item; }
  [[nodiscard]] constexpr const T *begin() const { return items.data(); }
  [[nodiscard]] constexpr const T *end() const { return items.data() + count; }
};

/// The kernel of a layer by itself, without relu and without halos.
constexpr signature forward_signature(const layer_info &layer, int batch) {
  signature s{.batch = batch,
              .height = layer.input.height,
              .width = layer.input.width,
              .channels = layer.input.channels,
              .dynamic = layer.input.dynamic};
  switch (layer.kind) {
  case layer_kind::conv:
    s.op = layer.padding                                         ? operation::conv3x3
           : layer.filter_height == 1 && layer.filter_width == 1 ? operation::conv1x1
                                                                 : operation::conv;
    if (s.op == operation::conv) s.filter_height = layer.filter_height, s.filter_width = layer.filter_width;
    break;
  case layer_kind::fully_connected:
    s.op = operation::fully_connected;
    break;
  case layer_kind::max_pool:
    s.op = operation::max_pool;
    break;
  case layer_kind::local_response_norm:
    s.op = operation::local_response_norm;
    break;
  case layer_kind::batch_norm:
    s.op = operation::batch_norm;
    break;
  case layer_kind::adaptive_average_pool:
  case layer_kind::adaptive_max_pool:
    s.op = layer.kind == layer_kind::adaptive_average_pool ? operation::adaptive_average_pool
                                                           : operation::adaptive_max_pool;
    s.filter_height = layer.filter_height, s.filter_width = layer.filter_width;
    break;
  case layer_kind::flatten:
    s.op = operation::flatten;
    break;
  case layer_kind::dropout:
    s.op = operation::dropout;
    break;
  default:
    s.op = operation::softmax; // all that is left: relu and input have no kernel of their own
  }
  if (layer.has_weights()) s.outputs = layer.output.channels, s.bias = true;
  return s;
}

template <class Network> constexpr auto make_groups() {
  constexpr auto &layers = layer_infos<Network>;
  constexpr int count = static_cast<int>(Network::layer_count);
  const auto kind = [&](int i) {
    return i < count ? layers[static_cast<std::size_t>(i)].kind : layer_kind::none;
  };
  // a halo is written where the next kernel is a padded convolution
  const auto haloed = [&](int i) {
    do
      ++i;
    while (i < count && layers[static_cast<std::size_t>(i)].is_nothing_at_inference());
    return i < count && layers[static_cast<std::size_t>(i)].reads_halo();
  };
  bounded_list<kernel_group, Network::layer_count> groups;
  int current = 0; // the tensor that the next kernel reads
  for (int i = 1; i < count;) {
    const layer_info &layer = layers[static_cast<std::size_t>(i)];
    if (layer.is_nothing_at_inference()) { // its tensor is its input's
      ++i;
      continue;
    }
    kernel_call call{.kernel = forward_signature(layer, Network::batch), .input = current};
    signature &s = call.kernel;
    s.input_halo = haloed(current);
    int last = i;
    if (layer.has_weights()) {
      call.parameter_layer = i;
      if (kind(last + 1) == layer_kind::batch_norm) ++last; // folded into the weights
      if (kind(last + 1) == layer_kind::relu) s.relu = true, ++last;
    }
    kernel_group group;
    if (layer.kind == layer_kind::conv && kind(last + 1) == layer_kind::max_pool &&
        !is_feature<Network>(last)) {
      const int pool = last + 1;
      group.fusible = true;
      call.output = last;
      group.split[0] = group.fused = call;
      const layer_info &p = layers[static_cast<std::size_t>(pool)];
      group.split[1] = {.kernel = {.op = operation::max_pool,
                                   .batch = Network::batch,
                                   .height = p.input.height,
                                   .width = p.input.width,
                                   .channels = p.input.channels,
                                   .output_halo = haloed(pool),
                                   .dynamic = p.input.dynamic},
                        .input = last,
                        .output = pool};
      group.fused.kernel.pool = true;
      group.fused.kernel.output_halo = haloed(pool);
      group.fused.output = last = pool;
    } else {
      call.output = last;
      s.output_halo = haloed(last);
      group.fused = group.split[0] = call;
    }
    groups.push_back(group);
    current = last;
    i = last + 1;
  }
  return groups;
}

} // namespace detail

/// The kernel groups of a network in order: a range of kernel_group.
template <class Network> inline constexpr auto kernel_groups = detail::make_groups<Network>();

/// The call of the preprocessing kernel: from u8 images to the network's input (tensor 0).
template <class Network> constexpr kernel_call preprocess_call() {
  constexpr shape in = layer_infos<Network>[0].output;
  const signature &first = kernel_groups<Network>.begin()->fused.kernel;
  return {.kernel = {.op = operation::preprocess,
                     .batch = Network::batch,
                     .height = in.height,
                     .width = in.width,
                     .channels = in.channels,
                     .output_halo = first.input_halo,
                     .dynamic = in.dynamic},
          .input = -1,
          .output = 0};
}

namespace detail {

template <class Network> constexpr auto make_tensors() {
  std::array<tensor_place, Network::layer_count> tensors{};
  const auto store = [&](int layer, const signature &written_by, int call) {
    tensor_place &t = tensors[static_cast<std::size_t>(layer)];
    t.extent = layer_infos<Network>[static_cast<std::size_t>(layer)].output;
    t.halo = written_by.output_halo;
    t.stored = true;
    t.first_call = t.last_call = call;
    t.bytes = aligned_bytes(written_by.output_size() * Network::batch);
  };
  store(0, preprocess_call<Network>().kernel, -1);
  int index = 0;
  for (const kernel_group &group : kernel_groups<Network>)
    for (int part = 0; part < (group.fusible ? 2 : 1); ++part, ++index) {
      const kernel_call &call = group.split[static_cast<std::size_t>(part)];
      store(call.output, call.kernel, index);
      tensors[static_cast<std::size_t>(call.input)].last_call = index;
    }
  // features stay until the end
  for (int i = 0; i < static_cast<int>(Network::layer_count); ++i)
    if (is_feature<Network>(i)) tensors[static_cast<std::size_t>(i)].last_call = index;
  // the fused form reads the group's input while it writes the group's output
  index = 0;
  for (const kernel_group &group : kernel_groups<Network>) {
    index += group.fusible ? 2 : 1;
    tensor_place &input = tensors[static_cast<std::size_t>(group.fused.input)];
    input.last_call = std::max(input.last_call, index - 1);
  }
  place_tensors(tensors);
  return tensors;
}

} // namespace detail

/// The tensors of an inference run: std::array<tensor_place, layers>.
template <class Network> inline constexpr auto tensor_places = detail::make_tensors<Network>();

/// Bytes of the arena that holds all activations of an inference run.
template <class Network> constexpr std::int64_t arena_bytes(Network) {
  return detail::end_of(tensor_places<Network>);
}

/// The tensor (index of its layer) that holds the output of layer `index`: batch norm, relu and dropout share
/// their input's.
template <class Network> constexpr int tensor_of(int index) {
  // forward over what is computed with the layer before it, then back over what is stored nowhere
  constexpr auto &layers = layer_infos<Network>;
  int i = index;
  for (const layer_kind computed_with : {layer_kind::batch_norm, layer_kind::relu})
    if (static_cast<std::size_t>(i) + 1 < layers.size() &&
        layers[static_cast<std::size_t>(i) + 1].kind == computed_with)
      ++i;
  while (!tensor_places<Network>[static_cast<std::size_t>(i)].stored)
    --i;
  return i;
}

/// A signature as a type, so that sets of kernels can be computed with.
template <signature S> struct kernel {
  static constexpr signature value = S;
};

namespace detail {

/// hana::tuple of hana::type<kernel<S>> for all kernels that a run of the network may need: fused and split.
template <class Network> constexpr auto all_kernels() {
  constexpr auto per_group = []<std::size_t... I>(std::index_sequence<I...>) {
    constexpr auto of_group = [](auto index) {
      constexpr const kernel_group &g = kernel_groups<Network>.items[decltype(index)::value];
      if constexpr (g.fusible)
        return hana::make_tuple(hana::type_c<kernel<g.fused.kernel>>, hana::type_c<kernel<g.split[0].kernel>>,
                                hana::type_c<kernel<g.split[1].kernel>>);
      else
        return hana::make_tuple(hana::type_c<kernel<g.fused.kernel>>);
    };
    return hana::flatten(hana::make_tuple(of_group(hana::size_c<I>)...));
  };
  return hana::prepend(per_group(std::make_index_sequence<kernel_groups<Network>.count>{}),
                       hana::type_c<kernel<preprocess_call<Network>().kernel>>);
}

} // namespace detail

/// The distinct kernels that the given networks may need, as a hana::set of hana::type<kernel<S>>.
template <class... Networks> constexpr auto kernel_set(Networks...) {
  return hana::to_set(hana::flatten(hana::make_tuple(detail::all_kernels<Networks>()...)));
}

} // namespace vggen
