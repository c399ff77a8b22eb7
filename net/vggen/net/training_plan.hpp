// The plan of a training step: the forward run that keeps what the backward pass reads, the loss, the
// backward pass, and where in one arena every activation and every gradient lies. All of it is known to the
// compiler.
//
// Tensor i is the output of layer i, after the relu that is computed with it; gradient i is the loss's
// gradient with respect to it, or, where there is a relu, with respect to what goes into the relu: the kernel
// that writes a gradient also applies the relu's.
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

/// Represents one kernel call of a training step. What it reads and writes follows from its signature:
///
///     forward           reads tensor `input`, writes tensor `output`
///     cross_entropy     reads tensor `input`, writes gradient `input`
///     backward-data     reads gradient `output` and tensor `input`, writes gradient `input`
///     backward-weights  reads gradient `output` and tensor `input`, writes gradients of parameters
struct training_call {
  signature kernel{};
  int layer = -1; ///< that it belongs to, whose weights it takes or whose number it is drawn with
  int input = -1;
  int output = -1;
  constexpr bool operator==(const training_call &) const = default;

  [[nodiscard]] constexpr bool is_forward() const {
    return kernel.dir == direction::forward && kernel.op != operation::cross_entropy;
  }
  [[nodiscard]] constexpr bool reads_output_gradient() const { return kernel.dir != direction::forward; }
  [[nodiscard]] constexpr bool writes_input_gradient() const {
    return kernel.op == operation::cross_entropy || kernel.dir == direction::backward_data;
  }
};

/// The kernel that updates parameters, of any network and any number.
inline constexpr signature sgd_kernel{.op = operation::sgd, .channels = 1};

/// What the backward pass is for.
struct backward_goal {
  bool parameters = true; ///< the gradients of all layers that are not frozen
  bool input = false;     ///< the gradient of every tensor, down to the network's input
  constexpr bool operator==(const backward_goal &) const = default;
};

/// The first layer with parameters that training changes; the number of layers, if there is none.
template <class Network> constexpr int first_trained_layer() {
  for (const layer_info &layer : layer_infos<Network>)
    if (layer.has_parameters() && layer.index >= Network::options.frozen_layers) return layer.index;
  return static_cast<int>(Network::layer_count);
}

namespace detail {

template <class Network> constexpr auto make_training_forward() {
  constexpr auto &layers = layer_infos<Network>;
  constexpr int count = static_cast<int>(Network::layer_count);
  const auto kind = [&](int i) {
    return i < count ? layers[static_cast<std::size_t>(i)].kind : layer_kind::none;
  };
  // the tensor that layer i reads is written with a halo where that layer is a padded convolution
  const auto reads_halo = [&](int i) {
    return i < count && layers[static_cast<std::size_t>(i)].reads_halo();
  };
  bounded_list<training_call, Network::layer_count> calls;
  int current = 0;
  for (int i = 1; i < count; ++i) {
    const layer_info &layer = layers[static_cast<std::size_t>(i)];
    if (layer.kind == layer_kind::relu) continue; // computed with the layer before it
    training_call call{
        .kernel = forward_signature(layer, Network::batch), .layer = i, .input = current, .output = i};
    signature &s = call.kernel;
    if (layer.kind == layer_kind::softmax) {
      s.op = operation::cross_entropy;
      call.output = -1;
      calls.push_back(call);
      break;
    }
    s.input_halo = reads_halo(i);
    if (kind(i + 1) == layer_kind::relu) s.relu = true, call.output = i + 1;
    s.output_halo = reads_halo(call.output + 1);
    calls.push_back(call);
    current = call.output;
  }
  return calls;
}

template <class Network, backward_goal Goal> constexpr auto make_training_calls() {
  constexpr auto forward = make_training_forward<Network>();
  constexpr int first =
      Goal.parameters ? first_trained_layer<Network>() : static_cast<int>(Network::layer_count);
  bounded_list<training_call, 3 * Network::layer_count> calls;
  for (const training_call &call : forward)
    calls.push_back(call);
  // the call that wrote a tensor
  const auto writer = [&](int tensor) {
    for (const training_call &call : forward)
      if (call.output == tensor) return call;
    return training_call{};
  };
  for (std::size_t k = forward.count; k-- > 0;) {
    const training_call &call = forward.items[k];
    if (call.kernel.op == operation::cross_entropy) continue;
    training_call back = call;
    signature &s = back.kernel;
    s.relu = s.bias = s.output_halo = false;
    if (call.kernel.has_weights() && call.layer >= first) {
      s.dir = direction::backward_weights;
      s.bias = true;
      calls.push_back(back);
      s.bias = false;
    }
    if (Goal.input || call.input > first) {
      const training_call before = writer(call.input);
      s.dir = direction::backward_data;
      s.relu = before.kernel.relu;
      s.output_halo = before.layer >= 0 && before.kernel.gradient_halo();
      calls.push_back(back);
    }
  }
  return calls;
}

} // namespace detail

/// The calls of a training step in order: a range of training_call.
template <class Network, backward_goal Goal = backward_goal{}>
inline constexpr auto training_calls = detail::make_training_calls<Network, Goal>();

namespace detail {

template <class Network, backward_goal Goal> constexpr auto make_training_tensors() {
  constexpr std::size_t count = Network::layer_count;
  std::array<tensor_place, 2 * count> places{}; // tensors, then gradients
  const auto store = [&](std::size_t i, const shape &extent, bool halo, std::int64_t floats, int call) {
    tensor_place &t = places[i];
    t = {.extent = extent,
         .halo = halo,
         .stored = true,
         .first_call = call,
         .last_call = call,
         .bytes = aligned_bytes(floats * Network::batch)};
  };
  const auto extent_of = [](int layer) {
    return layer_infos<Network>[static_cast<std::size_t>(layer)].output;
  };
  const auto gradient = [](int i) { return count + static_cast<std::size_t>(i); };
  const signature input = preprocess_call<Network>().kernel;
  store(0, extent_of(0), input.output_halo, input.output_size(), -1);
  int index = 0;
  for (const training_call &call : training_calls<Network, Goal>) {
    const signature &s = call.kernel;
    if (call.is_forward())
      store(static_cast<std::size_t>(call.output), extent_of(call.output), s.output_halo, s.output_size(),
            index);
    if (call.writes_input_gradient())
      store(gradient(call.input), extent_of(call.input), s.output_halo, s.input_gradient_size(), index);
    places[static_cast<std::size_t>(call.input)].last_call = index;
    if (call.reads_output_gradient()) {
      tensor_place &read = places[gradient(call.output)];
      if (!read.stored) // nothing here writes it: it comes from outside
        store(gradient(call.output), extent_of(call.output), s.gradient_halo(), s.output_gradient_size(), -1);
      read.last_call = index;
    }
    ++index;
  }
  // gradients that are asked for stay until the end, and so do the logits
  for (std::size_t i = 0; i < count; ++i)
    if (Goal.input && places[count + i].stored) places[count + i].last_call = index;
  for (const training_call &call : training_calls<Network, Goal>)
    if (call.kernel.op == operation::cross_entropy)
      places[static_cast<std::size_t>(call.input)].last_call = index;
  place_tensors(places);
  return places;
}

} // namespace detail

/// The tensors of a training step and, from index `layers` on, their gradients: std::array<tensor_place, 2 *
/// layers>.
template <class Network, backward_goal Goal = backward_goal{}>
inline constexpr auto training_places = detail::make_training_tensors<Network, Goal>();

/// Bytes of the arena of a training step.
template <backward_goal Goal = backward_goal{}, class Network>
constexpr std::int64_t training_arena_bytes(Network) {
  return detail::end_of(training_places<Network, Goal>);
}

/// Whether a network can be trained against labels: it ends with a softmax over a vector, nothing is computed
/// with a valid convolution (whose backward kernels do not exist), and there is something to train.
template <class Network> constexpr void check_trainable() {
  static_assert(layer_infos<Network>.back().kind == layer_kind::softmax &&
                    layer_infos<Network>.back().output.flat,
                "training: the network needs a classifier that ends with fully_connected<classes>, softmax");
  static_assert(
      [] {
        for (const layer_info &layer : layer_infos<Network>)
          if (layer.kind == layer_kind::conv && !layer.padding &&
              layer.filter_height * layer.filter_width > 1)
            return false;
        return true;
      }(),
      "training: valid convolutions conv<K, H, W> have no backward kernels; train the network with fully "
      "connected layers and make it fully_convolutional for evaluation");
  static_assert(first_trained_layer<Network>() < static_cast<int>(Network::layer_count),
                "training: all layers are frozen (freeze_until)");
}

} // namespace vggen
