// The plan of a step with a backward pass: the forward run that keeps what the backward pass reads, where the
// gradient comes from, the backward pass, and where in one arena every activation and every gradient lies.
// All of it is known to the compiler.
//
// Tensor i is the output of layer i, after the relu that is computed with it; gradient i is the loss's
// gradient with respect to it, or, where there is a relu, with respect to what goes into the relu: the kernel
// that writes a gradient also applies the relu's. Only a feature (with_features) has its gradient after the
// relu in memory, too.
#pragma once

#include <vggen/net/arena.hpp>
#include <vggen/net/network.hpp>
#include <vggen/net/parameters.hpp>
#include <vggen/net/plan.hpp>
#include <vggen/net/signature.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace vggen {

/// What a backward pass is for.
enum class backward_goal {
  parameters, ///< training: from the loss against labels or boxes to the gradients of all layers that are not
              ///< frozen
  features,   ///< from gradients at the network's features to those of every feature and of the input
};

/// Represents one kernel call of a step. What it reads and writes follows from its signature:
///
///     forward           reads tensor `input`, writes tensor `output`
///     cross_entropy, squared_error
///                       read tensor `input`, write gradient `input`
///     batch_norm        reads tensor `input`, writes tensor `output` and the batch's statistics, which its
///                       backward kernels read
///     backward-data     reads gradient `output` and tensor `input`, writes gradient `input`, or, where
///                       `input` is a feature, `later` of it
///     backward-weights  reads gradient `output` and tensor `input`, writes gradients of parameters
///     add               at a feature: sums what came from later layers and what the loss itself has there
///     relu              at a feature: reads that sum and the tensor, writes the gradient
struct step_call {
  signature kernel{};
  int layer = -1; ///< that it belongs to, whose weights it takes or whose number it is drawn with
  int input = -1;
  int output = -1;
  constexpr bool operator==(const step_call &) const = default;

  [[nodiscard]] constexpr bool is_loss() const {
    return kernel.op == operation::cross_entropy || kernel.op == operation::squared_error;
  }
  [[nodiscard]] constexpr bool is_forward() const { return kernel.dir == direction::forward && !is_loss(); }
  /// Backward, and changes parameters: there are gradients of them.
  [[nodiscard]] constexpr bool has_parameters() const {
    return kernel.has_weights() || kernel.op == operation::batch_norm;
  }
  [[nodiscard]] constexpr bool at_feature() const {
    return kernel.op == operation::add || kernel.op == operation::relu;
  }
  [[nodiscard]] constexpr bool reads_output_gradient() const {
    return kernel.dir != direction::forward && !at_feature();
  }
  [[nodiscard]] constexpr bool writes_input_gradient() const {
    return is_loss() || kernel.dir == direction::backward_data;
  }
};

/// The kernel that updates parameters, of any network and any number.
inline constexpr signature sgd_kernel{.op = operation::sgd, .channels = 1};

/// The first layer with parameters that training changes; the number of layers, if there is none.
template <class Network> constexpr int first_trained_layer() {
  for (const layer_info &layer : layer_infos<Network>)
    if (layer.has_parameters() && layer.index >= Network::options.frozen_layers) return layer.index;
  return static_cast<int>(Network::layer_count);
}

/// Whether a batch norm's statistics are fixed in a step, so that it is folded into the convolution before
/// it: where nothing is trained.
template <class Network, backward_goal Goal> constexpr bool is_folded(int batch_norm) {
  return Goal == backward_goal::features || batch_norm < first_trained_layer<Network>();
}

namespace detail {

template <class Network, backward_goal Goal> constexpr auto make_step_forward() {
  constexpr auto &layers = layer_infos<Network>;
  constexpr bool training = Goal == backward_goal::parameters;
  // nothing after the last feature matters to features
  constexpr int count = training ? static_cast<int>(Network::layer_count) : last_feature<Network>() + 1;
  const auto kind = [&](int i) {
    return i < count ? layers[static_cast<std::size_t>(i)].kind : layer_kind::none;
  };
  const auto is_skipped = [&](int i) { return !training && kind(i) == layer_kind::dropout; };
  const auto folded = [&](int i) { return kind(i) == layer_kind::batch_norm && is_folded<Network, Goal>(i); };
  // the tensor that the next layer reads is written with a halo where that layer is a padded convolution
  const auto reads_halo = [&](int i) {
    while (is_skipped(i))
      ++i;
    return i < count && layers[static_cast<std::size_t>(i)].reads_halo();
  };
  bounded_list<step_call, Network::layer_count> calls;
  int current = 0;
  for (int i = 1; i < count; ++i) {
    const layer_info &layer = layers[static_cast<std::size_t>(i)];
    if (layer.kind == layer_kind::relu || folded(i) || is_skipped(i)) continue; // with the layer before it
    step_call call{
        .kernel = forward_signature(layer, Network::batch), .layer = i, .input = current, .output = i};
    signature &s = call.kernel;
    if (layer.kind == layer_kind::softmax || layer.kind == layer_kind::boxes) {
      s.op = operation::cross_entropy;
      if (layer.kind == layer_kind::boxes) s.op = operation::squared_error, s.outputs = box_numbers;
      call.output = -1;
      calls.push_back(call);
      break;
    }
    s.input_halo = reads_halo(i);
    if (folded(call.output + 1)) ++call.output;
    if (kind(call.output + 1) == layer_kind::relu) s.relu = true, ++call.output;
    s.output_halo = reads_halo(call.output + 1);
    calls.push_back(call);
    current = call.output;
  }
  return calls;
}

/// A feature's gradient: what arrives there, and how it goes on to the layer below, as a call of its own
/// each. `writer` computes the feature.
template <class Network, class Calls>
constexpr void add_feature_calls(Calls &calls, const step_call &writer) {
  const int tensor = writer.output;
  const shape extent = layer_infos<Network>[static_cast<std::size_t>(tensor)].output;
  step_call call{.kernel = {.op = operation::add,
                            .dir = direction::backward_data,
                            .batch = Network::batch,
                            .height = extent.height,
                            .width = extent.width,
                            .channels = extent.channels},
                 .layer = tensor,
                 .input = tensor,
                 .output = tensor};
  if (tensor < last_feature<Network>()) calls.push_back(call); // nothing comes from behind the last one
  call.kernel.op = operation::relu;
  call.kernel.relu = writer.kernel.relu;
  call.kernel.input_halo = writer.kernel.output_halo;
  call.kernel.output_halo = writer.kernel.gradient_halo();
  calls.push_back(call);
}

template <class Network, backward_goal Goal> constexpr auto make_step_calls() {
  constexpr auto forward = make_step_forward<Network, Goal>();
  constexpr bool training = Goal == backward_goal::parameters;
  constexpr int first = training ? first_trained_layer<Network>() : static_cast<int>(Network::layer_count);
  bounded_list<step_call, 4 * Network::layer_count> calls;
  for (const step_call &call : forward)
    calls.push_back(call);
  // the call that wrote a tensor
  const auto writer = [&](int tensor) {
    for (const step_call &call : forward)
      if (call.output == tensor) return call;
    return step_call{};
  };
  for (std::size_t k = forward.count; k-- > 0;) {
    const step_call &call = forward.items[k];
    if (call.is_loss()) continue;
    if (!training && is_feature<Network>(call.output)) add_feature_calls<Network>(calls, call);
    step_call back = call;
    signature &s = back.kernel;
    s.relu = s.bias = s.output_halo = false;
    if (call.has_parameters() && call.layer >= first) {
      s.dir = direction::backward_weights;
      s.bias = s.has_weights();
      calls.push_back(back);
      s.bias = false;
    }
    if (!training || call.input >= first) {
      const step_call before = writer(call.input);
      s.dir = direction::backward_data;
      if (training || !is_feature<Network>(call.input)) {
        s.relu = before.kernel.relu;
        s.output_halo = before.layer >= 0 && before.kernel.gradient_halo();
      }
      calls.push_back(back);
    }
  }
  return calls;
}

} // namespace detail

/// The calls of a step in order: a range of step_call.
template <class Network, backward_goal Goal = backward_goal::parameters>
inline constexpr auto step_calls = detail::make_step_calls<Network, Goal>();

/// What a step keeps in its arena, by layer.
enum class step_tensor : std::size_t {
  activation,    ///< tensor i
  gradient,      ///< gradient i
  statistics,    ///< of a batch norm: mean and 1 / standard deviation of each channel of the batch, [c, 2]
  loss_gradient, ///< of a feature: what the loss itself has there; from outside
  sum,           ///< of a feature: the whole gradient (of the last feature it is its loss_gradient)
  later,         ///< of a feature: the part of it that came from later layers
  count
};

/// The index of a tensor of a step in step_places.
template <class Network> constexpr std::size_t step_place(step_tensor which, int layer) {
  return static_cast<std::size_t>(which) * Network::layer_count + static_cast<std::size_t>(layer);
}

/// Where the whole gradient of a feature lies.
template <class Network> constexpr std::size_t feature_gradient_place(int layer) {
  return step_place<Network>(layer == last_feature<Network>() ? step_tensor::loss_gradient : step_tensor::sum,
                             layer);
}

namespace detail {

template <class Network, backward_goal Goal> constexpr auto make_step_places() {
  constexpr auto kinds = static_cast<std::size_t>(
      Goal == backward_goal::features ? step_tensor::count : step_tensor::loss_gradient);
  std::array<tensor_place, kinds * Network::layer_count> places{};
  const auto extent_of = [](int layer) {
    return layer_infos<Network>[static_cast<std::size_t>(layer)].output;
  };
  const auto store = [&](step_tensor which, int layer, bool halo, std::int64_t floats, int call) {
    places[step_place<Network>(which, layer)] = {.extent = extent_of(layer),
                                                 .halo = halo,
                                                 .stored = true,
                                                 .first_call = call,
                                                 .last_call = call,
                                                 .bytes = aligned_bytes(floats * Network::batch)};
  };
  constexpr int end = static_cast<int>(step_calls<Network, Goal>.count);
  const auto read = [&](std::size_t place, int call) {
    places[place].last_call = std::max(places[place].last_call, call);
  };
  const signature input = preprocess_call<Network>().kernel;
  store(step_tensor::activation, 0, input.output_halo, input.output_size(), -1);
  int index = 0;
  for (const step_call &call : step_calls<Network, Goal>) {
    const signature &s = call.kernel;
    if (s.op == operation::batch_norm) {
      constexpr std::int64_t per_channel = 2;
      tensor_place &statistics = places[step_place<Network>(step_tensor::statistics, call.layer)];
      if (call.is_forward())
        statistics = {.extent = {s.channels, 1, static_cast<int>(per_channel)},
                      .stored = true,
                      .first_call = index,
                      .bytes = aligned_bytes(per_channel * s.channels)};
      statistics.last_call = index;
    }
    if (call.is_forward())
      store(step_tensor::activation, call.output, s.output_halo, s.output_size(), index);
    else if (s.op == operation::add) {
      store(step_tensor::loss_gradient, call.input, false, s.input_gradient_size(), -1);
      store(step_tensor::sum, call.input, false, s.input_gradient_size(), index);
      read(step_place<Network>(step_tensor::loss_gradient, call.input), end); // it stays the caller's
      read(step_place<Network>(step_tensor::later, call.input), index);
    } else if (s.op == operation::relu) {
      const std::size_t whole = feature_gradient_place<Network>(call.input);
      if (!places[whole].stored)
        store(step_tensor::loss_gradient, call.input, false, s.output_gradient_size(), -1);
      read(whole, end);
      store(step_tensor::gradient, call.input, s.output_halo, s.input_gradient_size(), index);
    } else if (call.writes_input_gradient()) {
      const bool of_feature = Goal == backward_goal::features && is_feature<Network>(call.input);
      store(of_feature ? step_tensor::later : step_tensor::gradient, call.input, s.output_halo,
            s.input_gradient_size(), index);
    }
    if (s.op != operation::add) read(step_place<Network>(step_tensor::activation, call.input), index);
    if (call.reads_output_gradient()) read(step_place<Network>(step_tensor::gradient, call.output), index);
    ++index;
  }
  if constexpr (Goal == backward_goal::features) {
    read(step_place<Network>(step_tensor::gradient, 0), end); // what it is all for
  } else {
    for (const step_call &call : step_calls<Network, Goal>)
      if (call.is_loss())
        read(step_place<Network>(step_tensor::activation, call.input), end); // the logits, or boxes
  }
  place_tensors(places);
  return places;
}

} // namespace detail

/// The places of a step's tensors, each at step_place().
template <class Network, backward_goal Goal = backward_goal::parameters>
inline constexpr auto step_places = detail::make_step_places<Network, Goal>();

/// Bytes of the arena of a step.
template <backward_goal Goal = backward_goal::parameters, class Network>
constexpr std::int64_t step_arena_bytes(Network) {
  return detail::end_of(step_places<Network, Goal>);
}

namespace detail {

/// Whether the logits come out of a relu.
template <class Network> constexpr bool ends_with_relu() {
  for (const layer_info &layer : layer_infos<Network>)
    if (layer.kind == layer_kind::softmax)
      return layer_infos<Network>[static_cast<std::size_t>(layer.index) - 1].kind == layer_kind::relu;
  return false;
}

/// Whether no layer up to the given one is a valid convolution, whose backward kernels do not exist.
template <class Network> constexpr bool has_backward_kernels(int last) {
  for (const layer_info &layer : layer_infos<Network>)
    if (layer.index <= last && layer.kind == layer_kind::conv && !layer.padding &&
        layer.filter_height * layer.filter_width > 1)
      return false;
  return true;
}

} // namespace detail

/// Whether a network can be trained: it ends with a softmax over a vector or with boxes, nothing is computed
/// with a valid convolution (whose backward kernels do not exist), and there is something to train.
template <class Network> constexpr void check_trainable() {
  static_assert(!detail::ends_with_relu<Network>(),
                "training: a relu stands before the softmax, and the loss has no gradient for it; remove it");
  static_assert(
      (layer_infos<Network>.back().kind == layer_kind::softmax && layer_infos<Network>.back().output.flat) ||
          layer_infos<Network>.back().kind == layer_kind::boxes,
      "training: the network needs a classifier that ends with fully_connected<classes>, softmax, or "
      "boxes: with_boxes<1>(network)");
  static_assert(
      detail::has_backward_kernels<Network>(static_cast<int>(Network::layer_count) - 1),
      "training: valid convolutions conv<K, H, W> have no backward kernels; train the network with fully "
      "connected layers and make it fully_convolutional for evaluation");
  static_assert(!is_dynamic<Network>,
                "training: the extent of the input is dynamic; train a network of a fixed "
                "input<channels, height, width>");
  static_assert(first_trained_layer<Network>() < static_cast<int>(Network::layer_count),
                "training: all layers are frozen (freeze_until)");
}

/// Whether gradients with respect to the network's features and input can be computed.
template <class Network> constexpr void check_differentiable() {
  static_assert(!is_dynamic<Network>, "gradients: the extent of the input is dynamic; they need a fixed "
                                      "input<channels, height, width>");
  static_assert(
      last_feature<Network>() > 0,
      "gradients: the network has no features; with_features<\"conv4_3\">(network) names the layers "
      "that the loss is a function of");
  static_assert(layer_infos<Network>[static_cast<std::size_t>(std::max(0, last_feature<Network>()))].kind !=
                    layer_kind::softmax,
                "gradients: a softmax has no backward kernel of its own; name the layer before it (fc8)");
  static_assert(detail::has_backward_kernels<Network>(last_feature<Network>()),
                "gradients: valid convolutions conv<K, H, W> have no backward kernels");
}

} // namespace vggen
