// One run at a time: the arena of activations, the threads and the scratch memory.
#pragma once

#include "vggen/core/activation.hpp"
#include "vggen/core/execution.hpp"
#include "vggen/core/invoke.hpp"
#include "vggen/core/memory.hpp"
#include "vggen/core/status.hpp"
#include "vggen/core/stitch.hpp"
#include "vggen/core/weights.hpp"

#include <HalideRuntime.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace vggen {

/// What a context is prepared with.
struct context_options {
  int threads = 0;              ///< with the caller's own; 0: default_threads()
  std::span<std::byte> arena{}; ///< memory for activations, 64-byte aligned, of arena_bytes(); empty: its own
  std::span<std::byte> scratch{}; ///< memory for kernels, likewise, of scratch_bytes(threads)
};

/// Represents a place where a model runs, for Batch images at once. prepare() takes all memory and starts all
/// threads; after that nothing is allocated, nothing is thrown and nothing is locked. Any number of contexts
/// may run at the same time over one model_weights; each by itself is for one thread at a time.
template <class Kernels, int Batch> class model_context {
public:
  using network = detail::batch_network<Kernels, Batch>;
  using weights = model_weights<Kernels>;
  static constexpr int batch = Batch;

  static constexpr std::size_t arena_bytes() noexcept {
    return on_device ? device_places.end : static_cast<std::size_t>(vggen::arena_bytes(network{}));
  }
  static constexpr std::size_t scratch_bytes(int threads) noexcept {
    return execution::scratch_bytes(scratch_demand.shared, scratch_demand.per_task, threads);
  }

  /// Takes memory and starts threads. Returns unsupported_target if this machine cannot run the kernels,
  /// no_device if it lacks the device that they are for, invalid_argument for an impossible number of
  /// threads, out_of_memory if the system or the device has none or what is lent is too small.
  status prepare(const context_options &options = {}) noexcept {
    if (!halide_can_use_target_features(static_cast<int>(Kernels::target_features.size()),
                                        Kernels::target_features.data()))
      return status::unsupported_target;
    if (!arena_.reset(arena_bytes(), options.arena)) return status::out_of_memory;
    if constexpr (on_device) return prepare_device();
    return execution_.prepare(options.threads == 0 ? default_threads() : options.threads,
                              scratch_demand.shared, scratch_demand.per_task, options.scratch);
  }

  /// Sets the extent of the images that come next, of a network whose input is dynamic; before it is called
  /// they are of the largest one. Returns invalid_argument, and changes nothing, if it is larger, or smaller
  /// than least_input().
  status set_extent(int height, int width) noexcept
    requires is_dynamic<network>
  {
    constexpr shape least = least_input<network>(), largest = layer_infos<network>[0].output;
    if (height < least.height || width < least.width || height > largest.height || width > largest.width)
      return status::invalid_argument;
    shape input = largest;
    input.height = height;
    input.width = width;
    shapes_ = output_shapes<network>(input);
    return status::ok;
  }

  /// Takes Batch images as the network sees them, float32 in the order [n][c][y][x]. They last for one run.
  status set_input(const float *nchw) noexcept {
    if (!ready()) return status::not_ready;
    fill_activation(tensor_data(0), shapes_[0], Batch, tensor_places<network>[0].halo, nchw);
    if constexpr (on_device)
      return execution_.memory().upload(execution_.user_context(), tensor_data(0), tensor_data(0),
                                        static_cast<std::size_t>(tensor_places<network>[0].bytes));
    return status::ok;
  }

  /// Takes Batch images, u8 in the order [n][y][x][c], and normalises them: (pixel / divisor - mean) /
  /// deviation. constants: [{divisor, mean, deviation}][c], by the network's channels. `reverse_channels`:
  /// RGB to BGR. They last for one run.
  status set_images(const std::uint8_t *images, const float *constants, bool reverse_channels) noexcept {
    if (!ready()) return status::not_ready;
    constexpr int index = detail::find_kernel<Kernels>(preprocess_call<network>().kernel);
    static_assert(index >= 0, "the preprocessing kernel was not compiled");
    if constexpr (on_device)
      if (const status taken = upload_images(images, constants); taken != status::ok) return taken;
    const int error = invoke_preprocess(at_extent<index>(shapes_[0]), execution_.user_context(), images,
                                        constants, reverse_channels, tensor_data(0));
    return error == 0 ? status::ok : status::kernel_failed;
  }

  /// Runs the network on the input set before. Returns not_ready without weights, or kernel_failed.
  status forward(const weights &w) noexcept { return run<fused_calls>(w, -1); }

  /// The same; calls observe(-1) before the first kernel and observe(index in the table of kernels) after
  /// each.
  template <class Observer> status forward_observed(const weights &w, Observer &&observe) noexcept {
    observe(-1);
    return run<fused_calls>(w, -1, observe);
  }

  /// Runs the network as far as the layer of that index and no further, so that output_of() shows it. The
  /// kernels must be compiled for features, and `w` assigned with them, unless the layer ends a kernel's work
  /// anyway (invalid_argument).
  status forward_to(const weights &w, int layer) noexcept {
    if (layer < 1 || layer >= static_cast<int>(network::layer_count)) return status::invalid_argument;
    if (w.has_features()) return run<split_calls>(w, tensor_of<network>(layer));
    return run<fused_calls>(w, tensor_of<network>(layer));
  }

  /// The output of the last layer.
  [[nodiscard]] activation_view output() const noexcept {
    return output_of(static_cast<int>(network::layer_count) - 1);
  }

  /// What goes into the softmax; the output (of boxes: [boxes][box_numbers]), where there is none.
  [[nodiscard]] activation_view logits() const noexcept {
    constexpr int last = static_cast<int>(network::layer_count) - 1;
    constexpr bool softmax = layer_infos<network>[last].kind == layer_kind::softmax;
    return output_of(softmax ? last - 1 : last);
  }

  /// The output of a layer, as the last run left it: what forward_to() ran to. A layer that is not stored
  /// (relu, dropout, and the layer before a relu) shows what it is stored with: the output after the relu.
  /// On a device this waits for the run's end and copies the output, once; data is null if that fails.
  [[nodiscard]] activation_view output_of(int layer) const noexcept {
    const auto tensor = static_cast<std::size_t>(tensor_of<network>(layer));
    const tensor_place &place = tensor_places<network>[tensor];
    if constexpr (on_device)
      if (!fetch(tensor)) return {};
    return {.data = reinterpret_cast<const float *>(arena_.data() + place.offset),
            .extent = shapes_[tensor],
            .batch = Batch,
            .halo = place.halo};
  }

  [[nodiscard]] int threads() const noexcept { return execution_.threads(); }
  /// The whole arena, for tests.
  [[nodiscard]] std::span<std::byte> arena() noexcept { return {arena_.data(), arena_.size()}; }
  /// What a kernel that failed said of it, in one line.
  [[nodiscard]] const char *message() const noexcept { return execution_.message(); }
  /// What has been copied between the host and the device, parameters included.
  [[nodiscard]] device_crossings crossings() const noexcept { return execution_.memory().crossings(); }

private:
  static constexpr bool on_device = Kernels::device != device_api::cpu;
  static constexpr auto fused_calls = detail::stitch<Kernels, network>(false);
  static constexpr auto split_calls = detail::stitch<Kernels, network>(true);

  struct demand {
    std::int64_t shared = 0, per_task = 0;
  };
  static constexpr demand scratch_demand = [] {
    demand d;
    for (const compiled_kernel &k : Kernels::kernels)
      if (k.kernel.batch == Batch) {
        d.shared = std::max(d.shared, k.scratch_shared);
        d.per_task = std::max(d.per_task, k.scratch_per_task);
      }
    return d;
  }();

  // What lies behind the activations on a device: images and constants as they come, and kernels' scratch.
  struct places {
    std::size_t images = 0, constants = 0, scratch = 0, end = 0;
  };
  static constexpr std::size_t image_bytes =
      static_cast<std::size_t>(layer_infos<network>[0].output.size()) * Batch;
  static constexpr std::size_t constant_bytes =
      3 * sizeof(float) * static_cast<std::size_t>(layer_infos<network>[0].output.channels);
  static constexpr places device_places = [] {
    std::size_t scratch = 0;
    for (const compiled_kernel &k : Kernels::kernels)
      if (k.kernel.batch == Batch) scratch = std::max(scratch, k.device_scratch_bytes());
    places p{.images = static_cast<std::size_t>(vggen::arena_bytes(network{}))};
    p.constants = p.images + detail::device_bytes(image_bytes);
    p.scratch = p.constants + detail::device_bytes(constant_bytes);
    p.end = p.scratch + scratch;
    return p;
  }();

  status prepare_device() noexcept {
    if (const status there = execution_.prepare(Kernels::device); there != status::ok) return there;
    device_memory &memory = execution_.memory();
    memory.set_scratch(arena_.data() + device_places.scratch);
    memory.set_block(0, &device_arena_);
    return device_arena_.take(execution_.user_context(), memory.device(), {arena_.data(), arena_.size()});
  }

  // Exchanges the caller's pointers for those of the copies on the device.
  status upload_images(const std::uint8_t *&images, const float *&constants) noexcept {
    std::byte *const image_place = arena_.data() + device_places.images, *const constant_place =
                                                                             arena_.data() +
                                                                             device_places.constants;
    device_memory &memory = execution_.memory();
    const auto bytes = static_cast<std::size_t>(shapes_[0].size()) * Batch;
    if (const status s = memory.upload(execution_.user_context(), image_place, images, bytes);
        s != status::ok)
      return s;
    images = reinterpret_cast<const std::uint8_t *>(image_place);
    const float *const given = std::exchange(constants, reinterpret_cast<const float *>(constant_place));
    return memory.upload(execution_.user_context(), constant_place, given, constant_bytes);
  }

  bool fetch(std::size_t tensor) const noexcept {
    const tensor_place &place = tensor_places<network>[tensor];
    if (fetched_[tensor]) return true;
    std::byte *const at = arena_.data() + place.offset;
    fetched_[tensor] = execution_.memory().download(execution_.user_context(), at, at,
                                                    static_cast<std::size_t>(place.bytes)) == status::ok;
    return fetched_[tensor];
  }

  [[nodiscard]] bool ready() const noexcept { return execution_.threads() > 0; }

  [[nodiscard]] float *tensor_data(int tensor) const noexcept {
    return reinterpret_cast<float *>(arena_.data() +
                                     tensor_places<network>[static_cast<std::size_t>(tensor)].offset);
  }

  template <detail::stitched_call Call> status call(const weights &w) noexcept {
    static_assert(Call.kernel >= 0, "a kernel that the network needs was not compiled");
    const int error = invoke(at_extent<Call.kernel>(shapes_[static_cast<std::size_t>(Call.input)]),
                             execution_.user_context(),
                             {.input = tensor_data(Call.input),
                              .weights = w.template weights_for<Call>(),
                              .bias = w.template bias_for<Call>(),
                              .output = tensor_data(Call.output)});
    return error == 0 ? status::ok : status::kernel_failed;
  }

  // A kernel of the table, with the extent of its input where that is dynamic.
  template <int Index> static decltype(auto) at_extent(const shape &input) noexcept {
    constexpr const compiled_kernel &kernel = Kernels::kernels[static_cast<std::size_t>(Index)];
    if constexpr (kernel.kernel.dynamic) {
      compiled_kernel result = kernel;
      result.kernel.height = input.height;
      result.kernel.width = input.width;
      return result;
    } else {
      return (kernel);
    }
  }

  // Calls kernel after kernel, each by its own type, until the tensor `last` is there (-1: all).
  struct no_observer {
    void operator()(int) const noexcept {}
  };
  template <const auto &Calls, class Observer = no_observer>
  status run(const weights &w, int last, Observer &&observe = {}) noexcept {
    if (!ready() || !w.assigned(Batch)) return status::not_ready;
    if constexpr (on_device) {
      execution_.memory().set_block(1, w.device_block());
      fetched_.fill(false);
    }
    status result = status::ok;
    bool done = false;
    hana::for_each(hana::make_range(hana::size_c<0>, hana::size_c<Calls.count>), [&](auto index) noexcept {
      constexpr detail::stitched_call this_call = Calls.items[decltype(index)::value];
      if (done || result != status::ok) return;
      if (last >= 0 && this_call.output > last) {
        result = status::invalid_argument; // the layer lies inside a fused kernel
        return;
      }
      result = this->template call<this_call>(w);
      observe(this_call.kernel);
      done = this_call.output == last;
    });
    return result;
  }

  memory_block arena_;
  mutable execution execution_; // results are fetched from a device when they are looked at
  [[no_unique_address]] detail::device_block_of<Kernels> device_arena_;
  mutable std::array<bool, network::layer_count> fetched_{}; // from the device since the last run
  /// The layers' outputs, for the images at hand.
  std::array<shape, network::layer_count> shapes_ = output_shapes<network>(layer_infos<network>[0].output);
};

} // namespace vggen
