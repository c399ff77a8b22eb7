// One training step at a time: parameters with their gradients and momenta, the arena of activations and
// gradients, threads and scratch memory. No files, no exceptions, no data sets: those are the trainer's
// (vggen/train/trainer.hpp).
//
//     context.prepare({.threads = 2});
//     ... fill context.parameters() ...
//     context.set_images(pixels, constants, false);
//     context.forward({.seed = 1, .step = 0});
//     context.loss(labels, 0, 1.f / 128);
//     context.backward();
//     context.update({.learning_rate = 0.01f, .momentum = 0.9f, .weight_decay = 5e-4f});
#pragma once

#include "vggen/core/activation.hpp"
#include "vggen/core/execution.hpp"
#include "vggen/core/invoke.hpp"
#include "vggen/core/invoke_training.hpp"
#include "vggen/core/memory.hpp"
#include "vggen/core/status.hpp"
#include "vggen/core/stitch.hpp"

#include <vggen/net/training_plan.hpp>

#include <HalideRuntime.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace vggen {

/// What a training context is prepared with.
struct training_options {
  int threads = 0; ///< with the caller's own; 0: default_threads()
};

/// What a step's dropout depends on: the same numbers drop the same elements.
struct step_number {
  std::uint64_t seed = 0;
  std::uint32_t step = 0;
};

/// Represents a place where a network is trained, with the batch its kernels were compiled for. prepare()
/// takes all memory and starts all threads; after that nothing is allocated and nothing is thrown. For one
/// thread at a time.
template <class Kernels> class training_context {
public:
  using network = detail::batch_network<Kernels, Kernels::training_batch>;
  static constexpr int batch = Kernels::training_batch;
  static_assert(batch > 0, "this model was not compiled for training (MODE training)");
  static constexpr std::size_t parameter_count = parameter_infos<network>.size();
  /// Of the parameter tensors, the first that training changes.
  static constexpr std::size_t first_trained =
      static_cast<std::size_t>(detail::parameter_index<network>(first_trained_layer<network>()));

  /// Bytes that prepare() takes: parameters, gradients and momenta, packed weights, activations.
  static constexpr std::size_t state_bytes() noexcept {
    return floats_bytes(all_floats + 2 * trained_floats);
  }
  static constexpr std::size_t packed_bytes() noexcept { return floats_bytes(packing_end); }
  static constexpr std::size_t arena_bytes() noexcept {
    return static_cast<std::size_t>(training_arena_bytes(network{}));
  }

  /// Takes memory and starts threads; parameters and momenta are zero. Returns unsupported_target if this
  /// machine cannot run the kernels, invalid_argument for an impossible number of threads, out_of_memory.
  status prepare(const training_options &options = {}) noexcept {
    if (!halide_can_use_target_features(static_cast<int>(Kernels::target_features.size()),
                                        Kernels::target_features.data()))
      return status::unsupported_target;
    if (!parameters_.reset(floats_bytes(all_floats)) || !gradients_.reset(floats_bytes(trained_floats)) ||
        !momenta_.reset(floats_bytes(trained_floats)) || !packed_.reset(packed_bytes()) ||
        !arena_.reset(arena_bytes()))
      return status::out_of_memory;
    for (const memory_block *block : {&parameters_, &gradients_, &momenta_})
      std::memset(block->data(), 0, block->size());
    packed_all_ = packed_trained_ = false;
    return execution_.prepare(options.threads == 0 ? default_threads() : options.threads,
                              scratch_demand.shared, scratch_demand.per_task, {});
  }

  /// All parameters in one block, each at parameter_offsets. After a change by anyone but update(), call
  /// parameters_changed().
  [[nodiscard]] std::span<float> parameters() noexcept { return floats_of(parameters_); }
  [[nodiscard]] std::span<const float> parameters() const noexcept { return floats_of(parameters_); }
  /// Gradients, and momenta, of the parameters that training changes, in the same layout.
  [[nodiscard]] std::span<float> gradients() noexcept { return floats_of(gradients_); }
  [[nodiscard]] std::span<float> momenta() noexcept { return floats_of(momenta_); }
  [[nodiscard]] std::span<const float> momenta() const noexcept { return floats_of(momenta_); }

  /// One parameter tensor, as files have it; index as in parameter_infos.
  [[nodiscard]] std::span<float> parameter(std::size_t index) noexcept {
    return parameters().subspan(offset_of(index), size_of(index));
  }
  /// The gradient of one that training changes.
  [[nodiscard]] std::span<float> gradient(std::size_t index) noexcept {
    return gradients().subspan(offset_of(index) - offset_of(first_trained), size_of(index));
  }
  /// Pointers as model_weights::assign takes them.
  [[nodiscard]] std::array<const float *, parameter_count> parameter_pointers() const noexcept {
    std::array<const float *, parameter_count> pointers{};
    for (std::size_t i = 0; i < parameter_count; ++i)
      pointers[i] = parameters().data() + offset_of(i);
    return pointers;
  }
  void parameters_changed() noexcept { packed_all_ = packed_trained_ = false; }

  /// Takes `batch` images as the network sees them, float32 in the order [n][c][y][x].
  status set_input(const float *nchw) noexcept {
    if (!ready()) return status::not_ready;
    fill_activation(tensor(0), layer_infos<network>[0].output, batch, place_of(0).halo, nchw);
    return status::ok;
  }
  /// Takes `batch` images, u8 in the order [n][y][x][c], and normalises them as model_context::set_images
  /// does.
  status set_images(const std::uint8_t *images, const float *constants, bool reverse_channels) noexcept {
    if (!ready()) return status::not_ready;
    constexpr int index = detail::find_kernel<Kernels>(preprocess_call<network>().kernel);
    static_assert(index >= 0, "the preprocessing kernel was not compiled");
    return result_of(invoke_preprocess(Kernels::kernels[index], execution_.user_context(), images, constants,
                                       reverse_channels, tensor(0)));
  }

  /// Runs the network with dropout and keeps what the backward pass needs.
  status forward(const step_number &number) noexcept {
    if (!ready()) return status::not_ready;
    if (const status packed = pack(); packed != status::ok) return packed;
    number_ = number;
    return run([](const training_call &call) { return call.is_forward(); });
  }

  /// Computes the losses and the gradient of the logits from the labels of the batch; a negative one does not
  /// count, its loss is 0. smoothing: of the labels, 0 for none. weight: of an image in the gradient, 1 /
  /// (number of images that count). A label that is no class gives invalid_argument.
  status loss(const std::int32_t *labels, float smoothing, float weight) noexcept {
    if (!ready()) return status::not_ready;
    if (std::any_of(labels, labels + batch, [](std::int32_t label) { return label >= classes(network{}); }))
      return status::invalid_argument;
    labels_ = labels;
    smoothing_ = smoothing;
    weight_ = weight;
    return run([](const training_call &call) { return call.kernel.op == operation::cross_entropy; });
  }
  /// Each image's loss, of the last loss().
  [[nodiscard]] std::span<const float> losses() const noexcept { return losses_; }

  /// Computes the gradients of all parameters that are trained, from the last loss().
  status backward() noexcept {
    if (!ready()) return status::not_ready;
    return run([](const training_call &call) { return call.kernel.dir != direction::forward; });
  }

  /// Changes the parameters by their gradients. Two factors for each parameter tensor, all 1 at first: of the
  /// learning rate (0 leaves it as it is) and of the decay.
  status update(const sgd_arguments &arguments) noexcept {
    if (!ready()) return status::not_ready;
    constexpr int index = detail::find_kernel<Kernels>(sgd_kernel);
    static_assert(index >= 0, "the optimiser was not compiled");
    const auto factors = [&](std::size_t i) { return std::array{rate_factors_[i], decay_factors_[i]}; };
    for (std::size_t i = first_trained; i < parameter_count;) {
      std::size_t end = i + 1;
      while (end < parameter_count && factors(end) == factors(i))
        ++end;
      const std::size_t from = offset_of(i), gradient_from = from - offset_of(first_trained);
      sgd_arguments a = arguments;
      a.learning_rate *= rate_factors_[i];
      a.weight_decay *= decay_factors_[i];
      const int error =
          invoke_sgd(Kernels::kernels[index], execution_.user_context(),
                     static_cast<std::int64_t>(offset_of(end) - from), gradients().data() + gradient_from, a,
                     parameters().data() + from, momenta().data() + gradient_from);
      if (error != 0) return status::kernel_failed;
      i = end;
    }
    packed_trained_ = false;
    return status::ok;
  }
  [[nodiscard]] std::span<float> rate_factors() noexcept { return rate_factors_; }
  [[nodiscard]] std::span<float> decay_factors() noexcept { return decay_factors_; }

  /// What goes into the softmax: [classes] of each image, after forward().
  [[nodiscard]] activation_view logits() const noexcept {
    constexpr int index = logits_tensor;
    return view(place_of(index));
  }
  /// The output of a layer after forward() and before backward(); data is null if the layer's output is not
  /// kept.
  [[nodiscard]] activation_view output_of(int layer) const noexcept {
    const tensor_place &place = place_of(layer);
    return place.stored && place.last_call > forward_calls ? view(place) : activation_view{};
  }

  [[nodiscard]] int threads() const noexcept { return execution_.threads(); }
  /// What a kernel that failed said of it, in one line.
  [[nodiscard]] const char *message() const noexcept { return execution_.message(); }

private:
  static constexpr auto calls = training_calls<network>;
  static constexpr auto places = training_places<network>;
  static constexpr std::int64_t all_floats = parameter_offsets<network>.back();
  static constexpr std::int64_t trained_floats = all_floats - parameter_offsets<network>[first_trained];
  static constexpr int logits_tensor = [] {
    for (const training_call &call : calls)
      if (call.kernel.op == operation::cross_entropy) return call.input;
    return -1;
  }();
  static constexpr int forward_calls = [] {
    int n = 0;
    for (const training_call &call : calls)
      n += call.is_forward();
    return n;
  }();

  static constexpr std::size_t floats_bytes(std::int64_t floats) {
    return static_cast<std::size_t>(floats) * sizeof(float);
  }
  static std::span<float> floats_of(const memory_block &block) noexcept {
    return {reinterpret_cast<float *>(block.data()), block.size() / sizeof(float)};
  }
  static constexpr std::size_t offset_of(std::size_t parameter) {
    return static_cast<std::size_t>(parameter_offsets<network>[parameter]);
  }
  static constexpr std::size_t size_of(std::size_t parameter) {
    return static_cast<std::size_t>(parameter_infos<network>[parameter].size());
  }
  static constexpr const tensor_place &place_of(int tensor) {
    return places[static_cast<std::size_t>(tensor)];
  }
  static constexpr const tensor_place &gradient_place_of(int tensor) {
    return places[static_cast<std::size_t>(tensor) + network::layer_count];
  }
  static status result_of(int error) noexcept { return error == 0 ? status::ok : status::kernel_failed; }

  // Packed weights: where those of call i lie, in floats; -1 where it takes none.
  static constexpr auto packing = [] {
    std::array<std::int64_t, calls.count + 1> offsets{}; // the last one: the end
    std::int64_t end = 0;
    for (std::size_t i = 0; i < calls.count; ++i) {
      const int kernel = detail::find_kernel<Kernels>(calls.items[i].kernel);
      offsets[i] = kernel >= 0 && calls.items[i].kernel.packs_weights() ? end : -1;
      if (offsets[i] < 0) continue;
      constexpr std::int64_t unit = 16; // floats in a cache line
      end += (Kernels::kernels[static_cast<std::size_t>(kernel)].packed_size + unit - 1) / unit * unit;
    }
    offsets[calls.count] = end;
    return offsets;
  }();
  static constexpr std::int64_t packing_end = packing[calls.count];

  struct demand {
    std::int64_t shared = 0, per_task = 0;
  };
  static constexpr demand scratch_demand = [] {
    demand d;
    for (const compiled_kernel &k : Kernels::kernels)
      if (k.kernel.batch == batch || k.kernel.op == operation::sgd) {
        d.shared = std::max(d.shared, k.scratch_shared);
        d.per_task = std::max(d.per_task, k.scratch_per_task);
      }
    return d;
  }();

  [[nodiscard]] bool ready() const noexcept { return execution_.threads() > 0; }
  [[nodiscard]] float *at(const tensor_place &place) const noexcept {
    return reinterpret_cast<float *>(arena_.data() + place.offset);
  }
  [[nodiscard]] float *tensor(int index) const noexcept { return at(place_of(index)); }
  [[nodiscard]] activation_view view(const tensor_place &place) const noexcept {
    return {.data = at(place), .extent = place.extent, .batch = batch, .halo = place.halo};
  }
  [[nodiscard]] float *packed_at(std::size_t call) const noexcept {
    return reinterpret_cast<float *>(packed_.data()) + packing[call];
  }

  // Packs the weights of convolutions that changed: of frozen layers once, of the others after each update.
  status pack() noexcept {
    if (packed_all_ && packed_trained_) return status::ok;
    for (std::size_t i = 0; i < calls.count; ++i) {
      const training_call &call = calls.items[i];
      if (packing[i] < 0 || (packed_all_ && call.layer < first_trained_layer<network>())) continue;
      const int kernel = detail::find_kernel<Kernels>(call.kernel);
      const auto weights = static_cast<std::size_t>(detail::parameter_index<network>(call.layer));
      if (invoke_pack(Kernels::kernels[static_cast<std::size_t>(kernel)],
                      parameters().data() + offset_of(weights), packed_at(i)) != 0)
        return status::kernel_failed;
    }
    packed_all_ = packed_trained_ = true;
    return status::ok;
  }

  // Runs the calls that `wanted` picks, each by its own type.
  template <class Wanted> status run(Wanted) noexcept {
    status result = status::ok;
    hana::for_each(hana::make_range(hana::size_c<0>, hana::size_c<calls.count>), [&](auto index) noexcept {
      constexpr std::size_t i = decltype(index)::value;
      if constexpr (Wanted{}(calls.items[i]))
        if (result == status::ok) result = result_of(this->template call<i>());
    });
    return result;
  }

  template <std::size_t I> int call() noexcept {
    constexpr training_call c = calls.items[I];
    constexpr signature s = c.kernel;
    constexpr int index = detail::find_kernel<Kernels>(s);
    static_assert(index >= 0, "a kernel that the training step needs was not compiled");
    constexpr const compiled_kernel &kernel = Kernels::kernels[static_cast<std::size_t>(index)];
    void *const user_context = execution_.user_context();
    [[maybe_unused]] const dropout_draw draw{
        .probability = static_cast<float>(layer_infos<network>[static_cast<std::size_t>(c.layer)].dropout),
        .seed = number_.seed,
        .step = number_.step,
        .layer = static_cast<std::uint32_t>(c.layer)};
    [[maybe_unused]] const auto weights = [&] {
      constexpr auto parameter =
          static_cast<std::size_t>(std::max(0, detail::parameter_index<network>(c.layer)));
      return packing[I] >= 0 ? packed_at(I) : parameters().data() + offset_of(parameter);
    };
    if constexpr (s.op == operation::cross_entropy) {
      return invoke_cross_entropy(kernel, user_context, tensor(c.input), labels_, smoothing_, weight_,
                                  losses_.data(), at(gradient_place_of(c.input)));
    } else if constexpr (s.dir == direction::backward_weights) {
      constexpr auto parameter = static_cast<std::size_t>(detail::parameter_index<network>(c.layer));
      return invoke_backward(kernel, user_context,
                             {.output_gradient = at(gradient_place_of(c.output)),
                              .input = tensor(c.input),
                              .weight_gradient = gradient(parameter).data(),
                              .bias_gradient = gradient(parameter + 1).data()});
    } else if constexpr (s.dir == direction::backward_data) {
      return invoke_backward(kernel, user_context,
                             {.output_gradient = at(gradient_place_of(c.output)),
                              .weights = s.has_weights() ? weights() : nullptr,
                              .input = tensor(c.input),
                              .input_gradient = at(gradient_place_of(c.input))},
                             draw);
    } else if constexpr (s.op == operation::dropout) {
      return invoke_dropout(kernel, user_context, tensor(c.input), draw, tensor(c.output));
    } else if constexpr (s.has_weights()) {
      constexpr auto parameter = static_cast<std::size_t>(detail::parameter_index<network>(c.layer));
      return invoke(kernel, user_context,
                    {.input = tensor(c.input),
                     .weights = weights(),
                     .bias = parameters().data() + offset_of(parameter + 1),
                     .output = tensor(c.output)});
    } else {
      return invoke(kernel, user_context, {.input = tensor(c.input), .output = tensor(c.output)});
    }
  }

  template <class T> static constexpr std::array<T, parameter_count> ones() {
    std::array<T, parameter_count> all{};
    all.fill(T{1});
    return all;
  }

  memory_block parameters_, gradients_, momenta_, packed_, arena_;
  execution execution_;
  std::array<float, parameter_count> rate_factors_ = ones<float>(), decay_factors_ = ones<float>();
  std::array<float, static_cast<std::size_t>(batch)> losses_{};
  bool packed_all_ = false, packed_trained_ = false;
  step_number number_;
  const std::int32_t *labels_ = nullptr;
  float smoothing_ = 0, weight_ = 1;
};

} // namespace vggen
