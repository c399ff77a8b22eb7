// Runs the calls of a step with a backward pass: what training_context and gradient_context have in common.
#pragma once

#include "vggen/core/activation.hpp"
#include "vggen/core/device.hpp"
#include "vggen/core/execution.hpp"
#include "vggen/core/folding.hpp"
#include "vggen/core/invoke.hpp"
#include "vggen/core/invoke_training.hpp"
#include "vggen/core/memory.hpp"
#include "vggen/core/status.hpp"
#include "vggen/core/stitch.hpp"

#include <vggen/net/step_plan.hpp>

#include <HalideRuntime.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace vggen {

/// What a step's dropout depends on: the same numbers drop the same elements.
struct step_number {
  std::uint64_t seed = 0;
  std::uint32_t step = 0;
};

namespace detail {

/// Represents what a step's calls read and write outside of the arena.
struct step_operands {
  const float *const *parameters = nullptr; ///< each as files have it, by index in parameter_infos
  float *const *gradients = nullptr;        ///< of parameters, likewise
  step_number number{};
  const std::int32_t *labels = nullptr; ///< of the batch
  const float *targets = nullptr;       ///< of the batch, where the network gives boxes
  float smoothing = 0, weight = 1;
  float *losses = nullptr; ///< of the batch
  int images = 0;          ///< the first so many count in batch norms
  bool drops = true;       ///< dropout does
};

/// Represents the arena, the packed weights, the threads and the scratch memory of a step.
template <class Kernels, class Network, backward_goal Goal> class step_runner {
public:
  static constexpr auto &calls = step_calls<Network, Goal>;
  static constexpr auto &places = step_places<Network, Goal>;
  static constexpr std::size_t parameter_count = parameter_infos<Network>.size();
  /// Batch norms of layers that are not trained have fixed statistics.
  using folding =
      folding_plan<Network, Goal == backward_goal::features ? static_cast<int>(Network::layer_count)
                                                            : first_trained_layer<Network>()>;

  /// Packed weights, and behind them folded parameters.
  static constexpr std::size_t packed_bytes() noexcept {
    return static_cast<std::size_t>(packing[calls.count] + folding::floats) * sizeof(float);
  }
  static constexpr std::size_t arena_bytes() noexcept {
    return on_device ? device_places.end : static_cast<std::size_t>(step_arena_bytes<Goal>(Network{}));
  }

  static constexpr bool on_device = Kernels::device != device_api::cpu;
  /// What lies behind the tensors on a device: what a step is given as it comes, what it gives beside
  /// tensors, and kernels' scratch.
  struct places_on_device {
    std::size_t images = 0, constants = 0, labels = 0, targets = 0, losses = 0, scratch = 0, end = 0;
  };
  static constexpr std::size_t image_bytes =
      static_cast<std::size_t>(layer_infos<Network>[0].output.size()) * Network::batch;
  static constexpr std::size_t constant_bytes =
      3 * sizeof(float) * static_cast<std::size_t>(layer_infos<Network>[0].output.channels);
  static constexpr std::size_t label_bytes = sizeof(std::int32_t) * static_cast<std::size_t>(Network::batch);
  static constexpr std::size_t target_bytes = [] {
    std::size_t numbers = 0;
    for (const step_call &call : calls)
      if (call.kernel.op == operation::squared_error) numbers = static_cast<std::size_t>(call.kernel.outputs);
    return numbers * sizeof(float) * static_cast<std::size_t>(Network::batch);
  }();
  static constexpr places_on_device device_places = [] {
    std::size_t scratch = 0;
    for (const compiled_kernel &k : Kernels::kernels)
      if (k.kernel.batch == Network::batch) scratch = std::max(scratch, k.device_scratch_bytes());
    places_on_device p{.images = static_cast<std::size_t>(step_arena_bytes<Goal>(Network{}))};
    p.constants = p.images + device_bytes(image_bytes);
    p.labels = p.constants + device_bytes(constant_bytes);
    p.targets = p.labels + device_bytes(label_bytes);
    p.losses = p.targets + device_bytes(target_bytes);
    p.scratch = p.losses + device_bytes(label_bytes);
    p.end = p.scratch + scratch;
    return p;
  }();

  /// Takes memory and starts threads (0: default_threads()). Returns unsupported_target if this machine
  /// cannot run the kernels, no_device if it lacks the device that they are for, invalid_argument for an
  /// impossible number of threads, out_of_memory.
  status prepare(int threads) noexcept {
    if (!halide_can_use_target_features(static_cast<int>(Kernels::target_features.size()),
                                        Kernels::target_features.data()))
      return status::unsupported_target;
    if (!packed_.reset(packed_bytes()) || !arena_.reset(arena_bytes())) return status::out_of_memory;
    if constexpr (on_device) return prepare_device();
    return execution_.prepare(threads == 0 ? default_threads() : threads, scratch_demand.shared,
                              scratch_demand.per_task, {});
  }
  [[nodiscard]] bool ready() const noexcept { return execution_.threads() > 0; }
  [[nodiscard]] execution &threads() noexcept { return execution_; }
  [[nodiscard]] const execution &threads() const noexcept { return execution_; }

  [[nodiscard]] float *at(step_tensor which, int layer) const noexcept {
    return at(step_place<Network>(which, layer));
  }
  [[nodiscard]] float *at(std::size_t place) const noexcept {
    return reinterpret_cast<float *>(arena_.data() + places[place].offset);
  }
  /// A tensor for the caller to look at; from a device it is fetched, and data is null if that fails.
  [[nodiscard]] activation_view view(step_tensor which, int layer) const noexcept {
    const std::size_t place = step_place<Network>(which, layer);
    if constexpr (on_device)
      if (!fetch(place)) return {};
    return {.data = at(place),
            .extent = places[place].extent,
            .batch = Network::batch,
            .halo = places[place].halo};
  }

  /// Copies a tensor from a device, once after each run that may have changed it; and back.
  bool fetch(std::size_t place) const noexcept {
    if (!fetched_[place])
      fetched_[place] = memory().download(execution_.user_context(), at(place), at(place),
                                          static_cast<std::size_t>(places[place].bytes)) == status::ok;
    return fetched_[place];
  }
  status bring(std::size_t place) noexcept {
    return memory().upload(execution_.user_context(), at(place), at(place),
                           static_cast<std::size_t>(places[place].bytes));
  }
  [[nodiscard]] device_memory &memory() const noexcept { return execution_.memory(); }

  /// See training_context.
  status set_input(const float *nchw) noexcept {
    fill_activation(at(step_tensor::activation, 0), layer_infos<Network>[0].output, Network::batch,
                    places[0].halo, nchw);
    return on_device ? bring(step_place<Network>(step_tensor::activation, 0)) : status::ok;
  }
  /// Copies what a step is given to its place on a device, which `given` then names.
  template <class T> status give(std::size_t place, std::size_t bytes, const T *&given) noexcept {
    const T *const from = std::exchange(given, reinterpret_cast<const T *>(arena_.data() + place));
    return memory().upload(execution_.user_context(), given, from, bytes);
  }
  /// A place behind the tensors.
  template <class T> [[nodiscard]] T *behind(std::size_t place) const noexcept {
    return reinterpret_cast<T *>(arena_.data() + place);
  }
  status set_images(const std::uint8_t *images, const float *constants, bool reverse_channels) noexcept {
    constexpr int index = find_kernel<Kernels>(preprocess_call<Network>().kernel);
    static_assert(index >= 0, "the preprocessing kernel was not compiled");
    if constexpr (on_device) {
      if (const status s = give(device_places.images, image_bytes, images); s != status::ok) return s;
      if (const status s = give(device_places.constants, constant_bytes, constants); s != status::ok)
        return s;
    }
    return result_of(invoke_preprocess(Kernels::kernels[index], execution_.user_context(), images, constants,
                                       reverse_channels, at(step_tensor::activation, 0)));
  }

  /// Packs the weights that kernels want packed, of layers from `first` on.
  status pack(const float *const *parameters, int first) noexcept {
    if (first == 0) {
      folding::fold_biases(parameters, folded());
      if constexpr (on_device && folding::bias_floats > 0)
        if (const status s = upload(folded(), folding::bias_floats); s != status::ok) return s;
    }
    for (std::size_t i = 0; i < calls.count; ++i) {
      const step_call &call = calls.items[i];
      if (packing[i] < 0 || call.layer < first) continue;
      const int kernel = find_kernel<Kernels>(call.kernel);
      const float *const weights = folding::norm_of(call.layer) < 0
                                       ? parameters[parameter_index<Network>(call.layer)]
                                       : folding::fold_weights(call.layer, parameters, folded());
      if constexpr (on_device)
        if (folding::norm_of(call.layer) >= 0)
          if (const status s =
                  upload(weights, layer_infos<Network>[static_cast<std::size_t>(call.layer)].weight_count());
              s != status::ok)
            return s;
      if (invoke_pack(Kernels::kernels[static_cast<std::size_t>(kernel)], execution_.user_context(), weights,
                      packed_at(i)) != 0)
        return status::kernel_failed;
    }
    return status::ok;
  }

  /// Runs the calls that `wanted` picks, each by its own type.
  template <class Wanted> status run(const step_operands &operands, Wanted) noexcept {
    status result = status::ok;
    fetched_.fill(false);
    hana::for_each(hana::make_range(hana::size_c<0>, hana::size_c<calls.count>), [&](auto index) noexcept {
      constexpr std::size_t i = decltype(index)::value;
      if constexpr (Wanted{}(calls.items[i]))
        if (result == status::ok) result = result_of(this->template call<i>(operands));
    });
    return result;
  }

  static status result_of(int error) noexcept { return error == 0 ? status::ok : status::kernel_failed; }

private:
  status prepare_device() noexcept {
    if (const status there = execution_.prepare(Kernels::device); there != status::ok) return there;
    fetched_.fill(false);
    void *const context = execution_.user_context();
    memory().set_scratch(behind<std::byte>(device_places.scratch));
    memory().set_block(0, &device_arena_);
    memory().set_block(1, &device_packed_);
    const status packed = device_packed_.take(context, memory().device(), {packed_.data(), packed_.size()});
    if (packed != status::ok) return packed;
    return device_arena_.take(context, memory().device(), {arena_.data(), arena_.size()});
  }
  status upload(const float *place, std::int64_t floats) noexcept {
    return memory().upload(execution_.user_context(), place, place,
                           static_cast<std::size_t>(floats) * sizeof(float));
  }

  // Packed weights: where those of call i lie, in floats; -1 where it takes none. The last one: the end.
  static constexpr auto packing = [] {
    std::array<std::int64_t, calls.count + 1> offsets{};
    std::int64_t end = 0;
    for (std::size_t i = 0; i < calls.count; ++i) {
      const int kernel = find_kernel<Kernels>(calls.items[i].kernel);
      const std::int64_t size =
          kernel >= 0 ? Kernels::kernels[static_cast<std::size_t>(kernel)].packed_size : 0;
      offsets[i] = size > 0 ? end : -1;
      constexpr std::int64_t unit = arena_alignment / std::int64_t{sizeof(float)};
      end += (size + unit - 1) / unit * unit;
    }
    offsets[calls.count] = end;
    return offsets;
  }();

  struct demand {
    std::int64_t shared = 0, per_task = 0;
  };
  static constexpr demand scratch_demand = [] {
    demand d;
    for (const compiled_kernel &k : Kernels::kernels)
      if (k.kernel.batch == Network::batch || k.kernel.op == operation::sgd) {
        d.shared = std::max(d.shared, k.scratch_shared);
        d.per_task = std::max(d.per_task, k.scratch_per_task);
      }
    return d;
  }();

  [[nodiscard]] float *folded() const noexcept { return packed_at(calls.count); }
  [[nodiscard]] float *packed_at(std::size_t call) const noexcept {
    return reinterpret_cast<float *>(packed_.data()) + packing[call];
  }
  // Where a call writes the gradient of its input: at a feature, what joins that of the loss.
  static constexpr step_tensor gradient_of_input(const step_call &call) {
    const bool joined =
        Goal == backward_goal::features && !call.at_feature() && is_feature<Network>(call.input);
    return joined ? step_tensor::later : step_tensor::gradient;
  }

  template <std::size_t I> int call(const step_operands &operands) noexcept {
    constexpr step_call c = calls.items[I];
    constexpr signature s = c.kernel;
    constexpr int index = find_kernel<Kernels>(s);
    static_assert(index >= 0, "a kernel that the step needs was not compiled");
    constexpr const compiled_kernel &kernel = Kernels::kernels[static_cast<std::size_t>(index)];
    constexpr auto parameter = static_cast<std::size_t>(std::max(0, parameter_index<Network>(c.layer)));
    void *const user_context = execution_.user_context();
    float *const input = at(step_tensor::activation, c.input);
    [[maybe_unused]] const auto weights = [&] {
      return packing[I] >= 0 ? packed_at(I) : operands.parameters[parameter];
    };
    [[maybe_unused]] const dropout_draw draw{
        .probability = operands.drops ? static_cast<float>(
                                            layer_infos<Network>[static_cast<std::size_t>(c.layer)].dropout)
                                      : 0.f,
        .seed = operands.number.seed,
        .step = operands.number.step,
        .layer = static_cast<std::uint32_t>(c.layer)};
    if constexpr (s.op == operation::cross_entropy) {
      return invoke_cross_entropy(kernel, user_context, input, operands.labels, operands.smoothing,
                                  operands.weight, operands.losses, at(step_tensor::gradient, c.input));
    } else if constexpr (s.op == operation::squared_error) {
      return invoke_squared_error(kernel, user_context, input, operands.targets, operands.labels,
                                  operands.weight, operands.losses, at(step_tensor::gradient, c.input));
    } else if constexpr (s.op == operation::add) {
      return invoke_backward(kernel, user_context,
                             {.output_gradient = at(step_tensor::loss_gradient, c.input),
                              .input = at(step_tensor::later, c.input),
                              .input_gradient = at(step_tensor::sum, c.input)});
    } else if constexpr (s.op == operation::relu) {
      return invoke_backward(kernel, user_context,
                             {.output_gradient = at(feature_gradient_place<Network>(c.input)),
                              .input = input,
                              .input_gradient = at(step_tensor::gradient, c.input)});
    } else if constexpr (s.op == operation::batch_norm) {
      const batch_norm_operands norm{.input = input,
                                     .images = operands.images,
                                     .scale = operands.parameters[parameter],
                                     .shift = operands.parameters[parameter + 1],
                                     .statistics = at(step_tensor::statistics, c.layer)};
      if constexpr (s.dir == direction::forward)
        return invoke_batch_norm(kernel, user_context, norm, at(step_tensor::activation, c.output));
      else
        return invoke_batch_norm_backward(kernel, user_context, norm, at(step_tensor::gradient, c.output),
                                          operands.gradients[parameter], operands.gradients[parameter + 1],
                                          at(step_tensor::gradient, c.input));
    } else if constexpr (s.dir == direction::backward_weights) {
      return invoke_backward(kernel, user_context,
                             {.output_gradient = at(step_tensor::gradient, c.output),
                              .input = input,
                              .weight_gradient = operands.gradients[parameter],
                              .bias_gradient = operands.gradients[parameter + 1]});
    } else if constexpr (s.dir == direction::backward_data) {
      return invoke_backward(kernel, user_context,
                             {.output_gradient = at(step_tensor::gradient, c.output),
                              .weights = s.has_weights() ? weights() : nullptr,
                              .input = input,
                              .input_gradient = at(gradient_of_input(c), c.input)},
                             draw);
    } else if constexpr (s.op == operation::dropout) {
      return invoke_dropout(kernel, user_context, input, draw, at(step_tensor::activation, c.output));
    } else if constexpr (s.has_weights()) {
      return invoke(kernel, user_context,
                    {.input = input,
                     .weights = weights(),
                     .bias = folding::norm_of(c.layer) < 0 ? operands.parameters[parameter + 1]
                                                           : folded() + folding::bias_offset(c.layer),
                     .output = at(step_tensor::activation, c.output)});
    } else {
      return invoke(kernel, user_context, {.input = input, .output = at(step_tensor::activation, c.output)});
    }
  }

  memory_block packed_, arena_;
  mutable execution execution_; // tensors are fetched from a device when they are looked at
  [[no_unique_address]] device_block_of<Kernels> device_arena_;
  [[no_unique_address]] device_block_of<Kernels> device_packed_;
  mutable std::array<bool, places.size()> fetched_{};
};

} // namespace detail

} // namespace vggen
