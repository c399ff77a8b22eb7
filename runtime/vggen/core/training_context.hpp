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
#include "vggen/core/invoke_training.hpp"
#include "vggen/core/memory.hpp"
#include "vggen/core/status.hpp"
#include "vggen/core/step_runner.hpp"
#include "vggen/core/stitch.hpp"

#include <vggen/net/counts.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

namespace vggen {

/// What a training context is prepared with.
struct training_options {
  int threads = 0; ///< with the caller's own; 0: default_threads()
};

/// Represents a place where a network is trained, with the batch its kernels were compiled for. prepare()
/// takes all memory and starts all threads; after that nothing is allocated and nothing is thrown. For one
/// thread at a time.
template <class Kernels> class training_context {
public:
  using network = detail::batch_network<Kernels, Kernels::training_batch>;

private:
  using runner = detail::step_runner<Kernels, network, backward_goal::parameters>;

public:
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
  static constexpr std::size_t packed_bytes() noexcept { return runner::packed_bytes(); }
  static constexpr std::size_t arena_bytes() noexcept { return runner::arena_bytes(); }

  /// Takes memory and starts threads; parameters and momenta are zero. Returns unsupported_target if this
  /// machine cannot run the kernels, no_device if it lacks the device that they are for, invalid_argument for
  /// an impossible number of threads, out_of_memory.
  status prepare(const training_options &options = {}) noexcept {
    if (!parameters_.reset(floats_bytes(all_floats)) || !gradients_.reset(floats_bytes(trained_floats)) ||
        !momenta_.reset(floats_bytes(trained_floats)))
      return status::out_of_memory;
    for (const memory_block *block : {&parameters_, &gradients_, &momenta_})
      std::memset(block->data(), 0, block->size());
    parameters_changed();
    if (const status ready = runner_.prepare(options.threads); ready != status::ok || !on_device)
      return ready;
    if constexpr (on_device) return take_device_memory();
  }

  /// All parameters in one block, each at parameter_offsets. After a change by anyone but update(), call
  /// parameters_changed(). On a device this and what follows copies what has changed there, and what a caller
  /// may have changed is copied back before the next step.
  [[nodiscard]] std::span<float> parameters() noexcept { return to_change(state_parameters, parameters_); }
  [[nodiscard]] std::span<const float> parameters() const noexcept {
    return to_read(state_parameters, parameters_);
  }
  /// Gradients, and momenta, of the parameters that training changes, in the same layout.
  [[nodiscard]] std::span<float> gradients() noexcept { return to_change(state_gradients, gradients_); }
  [[nodiscard]] std::span<float> momenta() noexcept { return to_change(state_momenta, momenta_); }
  [[nodiscard]] std::span<const float> momenta() const noexcept { return to_read(state_momenta, momenta_); }

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
    (void)parameters();
    return places_of_parameters();
  }
  void parameters_changed() noexcept { packed_all_ = packed_trained_ = false; }

  /// Takes `batch` images as the network sees them, float32 in the order [n][c][y][x].
  status set_input(const float *nchw) noexcept {
    if (!ready()) return status::not_ready;
    return runner_.set_input(nchw);
  }
  /// Takes `batch` images, u8 in the order [n][y][x][c], and normalises them as model_context::set_images
  /// does.
  status set_images(const std::uint8_t *images, const float *constants, bool reverse_channels) noexcept {
    if (!ready()) return status::not_ready;
    return runner_.set_images(images, constants, reverse_channels);
  }

  /// Runs the network with dropout and keeps what the backward pass needs. Batch norms that are trained take
  /// the statistics of the first `images` images, those that count, and move their running ones. Their number
  /// must be from 1 to `batch`.
  status forward(const step_number &number, int images = batch) noexcept {
    const status frozen = forward_frozen();
    return frozen == status::ok ? forward_trained(number, images) : frozen;
  }

  /// The layer up to whose output nothing changes from step to step: what is before the first layer that is
  /// trained or drops. 0, the input, if that is the first one.
  static constexpr int frozen_output = [] {
    int last = 0;
    for (const step_call &call : runner::calls) {
      if (!call.is_forward() || call.layer >= first_trained_layer<network>() ||
          call.kernel.op == operation::dropout)
        break;
      last = call.output;
    }
    return last;
  }();
  /// Floats of that output for one image, with its halo if it has one.
  static constexpr std::size_t frozen_floats = [] {
    const tensor_place &place = runner::places[step_place<network>(step_tensor::activation, frozen_output)];
    const std::size_t edge = place.halo ? 2 : 0;
    return static_cast<std::size_t>(place.extent.channels) *
           (static_cast<std::size_t>(place.extent.height) + edge) *
           (static_cast<std::size_t>(place.extent.width) + edge);
  }();

  /// Runs the network as far as frozen_output.
  status forward_frozen() noexcept {
    if (!ready()) return status::not_ready;
    if (const status packed = pack(); packed != status::ok) return packed;
    return run([](const step_call &call) { return call.is_forward() && call.output <= frozen_output; });
  }
  /// What forward_frozen() computes and forward_trained() reads, image by image: to be kept, and put back.
  [[nodiscard]] std::span<float> frozen_values() noexcept {
    if constexpr (on_device) {
      (void)runner_.fetch(step_place<network>(step_tensor::activation, frozen_output));
      frozen_changed_ = true;
    }
    return {runner_.at(step_tensor::activation, frozen_output), frozen_floats * batch};
  }
  /// Goes on from frozen_values() to the end, as forward() does.
  status forward_trained(const step_number &number, int images = batch) noexcept {
    if (!ready()) return status::not_ready;
    if (images < 1 || images > batch) return status::invalid_argument;
    if (const status packed = pack(); packed != status::ok) return packed;
    if (const status frozen = bring_frozen(); frozen != status::ok) return frozen;
    number_ = number;
    images_ = images;
    const status result = run(after_frozen);
    return result == status::ok ? move_running_statistics() : result;
  }

  /// Whether a batch norm is trained, so that what it gives depends on the batch.
  static constexpr bool trains_batch_norms = [] {
    for (const layer_info &layer : layer_infos<network>)
      if (layer.kind == layer_kind::batch_norm && layer.index >= first_trained_layer<network>()) return true;
    return false;
  }();
  /// Goes on from frozen_values() to the logits as the network classifies, without dropout.
  status evaluate_trained() noexcept
    requires(!trains_batch_norms)
  {
    if (!ready()) return status::not_ready;
    if (const status packed = pack(); packed != status::ok) return packed;
    if (const status frozen = bring_frozen(); frozen != status::ok) return frozen;
    drops_ = false;
    const status result = run(after_frozen);
    drops_ = true;
    return result;
  }

  /// Computes the losses and the gradient of the logits from the labels of the batch; a negative one does not
  /// count, its loss is 0. smoothing: of the labels, 0 for none. weight: of an image in the gradient, 1 /
  /// (number of images that count). A label that is no class gives invalid_argument.
  status loss(const std::int32_t *labels, float smoothing, float weight) noexcept {
    static_assert(boxes_of(network{}) == 0, "loss: the network gives boxes: box_loss()");
    smoothing_ = smoothing;
    return run_loss(labels, classes(network{}), weight);
  }
  /// The same of a network that gives boxes, from targets [n][box_numbers]: half the squared distance. Where
  /// it gives one a class, of the label's box; where it gives one, any label that is not negative counts.
  status box_loss(const float *targets, const std::int32_t *labels, float weight) noexcept {
    constexpr int boxes = boxes_of(network{});
    static_assert(boxes > 0, "box_loss: the network gives no boxes: loss()");
    targets_ = targets;
    return run_loss(labels, boxes == 1 ? std::numeric_limits<int>::max() : boxes, weight);
  }
  /// Each image's loss, of the last loss().
  [[nodiscard]] std::span<const float> losses() const noexcept {
    if constexpr (on_device)
      if (std::exchange(losses_on_device_, false)) {
        const float *const place = runner_.template behind<float>(runner::device_places.losses);
        if (runner_.memory().download(context(), place, losses_.data(), runner::label_bytes) != status::ok)
          return {};
      }
    return losses_;
  }

  /// Computes the gradients of all parameters that are trained, from the last loss().
  status backward() noexcept {
    if (!ready()) return status::not_ready;
    if (const status there = bring(state_gradients); there != status::ok) return there;
    changed_there(state_gradients);
    return run([](const step_call &call) { return call.kernel.dir != direction::forward; });
  }

  /// Changes the parameters by their gradients. Two factors for each parameter tensor, all 1 at first: of the
  /// learning rate (0 leaves it as it is) and of the decay.
  status update(const sgd_arguments &arguments) noexcept {
    if (!ready()) return status::not_ready;
    constexpr int index = detail::find_kernel<Kernels>(sgd_kernel);
    static_assert(index >= 0, "the optimiser was not compiled");
    for (const state_block block : {state_parameters, state_gradients, state_momenta})
      if (const status there = bring(block); there != status::ok) return there;
    changed_there(state_parameters);
    changed_there(state_momenta);
    const auto factors = [&](std::size_t i) { return std::array{rate_factors_[i], decay_factors_[i]}; };
    const auto is_statistic = [](std::size_t i) { return parameter_infos<network>[i].is_statistic(); };
    for (std::size_t i = first_trained; i < parameter_count;) {
      std::size_t end = i + 1;
      if (is_statistic(i)) { // the forward pass changes it
        i = end;
        continue;
      }
      while (end < parameter_count && !is_statistic(end) && factors(end) == factors(i))
        ++end;
      const std::size_t from = offset_of(i), gradient_from = from - offset_of(first_trained);
      sgd_arguments a = arguments;
      a.learning_rate *= rate_factors_[i];
      a.weight_decay *= decay_factors_[i];
      const int error = invoke_sgd(
          Kernels::kernels[index], runner_.threads().user_context(),
          static_cast<std::int64_t>(offset_of(end) - from), floats_of(gradients_).data() + gradient_from, a,
          floats_of(parameters_).data() + from, floats_of(momenta_).data() + gradient_from);
      if (error != 0) return status::kernel_failed;
      i = end;
    }
    packed_trained_ = false;
    return status::ok;
  }
  [[nodiscard]] std::span<float> rate_factors() noexcept { return rate_factors_; }
  [[nodiscard]] std::span<float> decay_factors() noexcept { return decay_factors_; }

  /// What goes into the softmax, or the boxes: [classes], or [boxes][box_numbers], of each image, after
  /// forward().
  [[nodiscard]] activation_view logits() const noexcept {
    return runner_.view(step_tensor::activation, logits_tensor);
  }
  /// The output of a layer after forward() and before backward(); data is null if the layer's output is not
  /// kept.
  [[nodiscard]] activation_view output_of(int layer) const noexcept {
    const tensor_place &place = runner::places[step_place<network>(step_tensor::activation, layer)];
    const bool kept = place.stored && place.last_call > forward_calls;
    return kept ? runner_.view(step_tensor::activation, layer) : activation_view{};
  }

  [[nodiscard]] int threads() const noexcept { return runner_.threads().threads(); }
  /// What a kernel that failed said of it, in one line.
  [[nodiscard]] const char *message() const noexcept { return runner_.threads().message(); }
  /// What has been copied between the host and the device.
  [[nodiscard]] device_crossings crossings() const noexcept { return runner_.threads().memory().crossings(); }

private:
  static constexpr bool on_device = runner::on_device;

  // The blocks of the training's state; on a device each may be newer there or on the host.
  enum state_block : std::uint8_t { state_parameters, state_gradients, state_momenta };
  enum class newer : std::uint8_t { none, host, device };

  [[nodiscard]] void *context() const noexcept { return runner_.threads().user_context(); }
  [[nodiscard]] const memory_block &block_of(state_block which) const noexcept {
    return which == state_parameters ? parameters_ : which == state_gradients ? gradients_ : momenta_;
  }

  status take_device_memory() noexcept {
    device_memory &memory = runner_.memory();
    for (std::size_t i = 0; i < device_blocks_.size(); ++i) {
      const memory_block &host = block_of(static_cast<state_block>(i));
      memory.set_block(2 + i, &device_blocks_[i]);
      const status taken = device_blocks_[i].take(context(), memory.device(), {host.data(), host.size()});
      if (taken != status::ok) return taken;
    }
    newer_.fill(newer::host);
    return status::ok;
  }

  void changed_there(state_block which) noexcept { newer_[which] = newer::device; }

  // Copies a block to the device, if the host's is newer.
  status bring(state_block which) noexcept {
    if (!on_device || newer_[which] != newer::host) return status::ok;
    const memory_block &block = block_of(which);
    const status result = runner_.memory().upload(context(), block.data(), block.data(), block.size());
    if (result == status::ok) newer_[which] = newer::none;
    return result;
  }

  // Copies a block from the device, if that one is newer. Running statistics are the host's: the device does
  // not change them.
  void fetch(state_block which) const noexcept {
    if (!on_device || newer_[which] != newer::device) return;
    const std::size_t first = offset_of(first_trained), before = which == state_parameters ? 0 : first;
    float *const data = floats_of(block_of(which)).data();
    bool fetched = true;
    for (std::size_t i = first_trained; i < parameter_count;) {
      std::size_t end = i;
      while (end < parameter_count && !parameter_infos<network>[end].is_statistic())
        ++end;
      float *const from = data + offset_of(i) - before;
      if (end > i)
        fetched = fetched &&
                  runner_.memory().download(context(), from, from,
                                            (offset_of(end) - offset_of(i)) * sizeof(float)) == status::ok;
      i = std::max(end, i + 1);
    }
    if (fetched) newer_[which] = newer::none;
  }

  std::span<float> to_change(state_block which, const memory_block &block) noexcept {
    fetch(which);
    if (on_device) newer_[which] = newer::host;
    return floats_of(block);
  }
  [[nodiscard]] std::span<const float> to_read(state_block which, const memory_block &block) const noexcept {
    fetch(which);
    return floats_of(block);
  }

  [[nodiscard]] std::array<const float *, parameter_count> places_of_parameters() const noexcept {
    std::array<const float *, parameter_count> pointers{};
    for (std::size_t i = 0; i < parameter_count; ++i)
      pointers[i] = floats_of(parameters_).data() + offset_of(i);
    return pointers;
  }

  status bring_frozen() noexcept {
    if (!std::exchange(frozen_changed_, false)) return status::ok;
    return runner_.bring(step_place<network>(step_tensor::activation, frozen_output));
  }

  static constexpr std::int64_t all_floats = parameter_offsets<network>.back();
  static constexpr std::int64_t trained_floats = all_floats - parameter_offsets<network>[first_trained];
  static constexpr int logits_tensor = [] {
    for (const step_call &call : runner::calls)
      if (call.is_loss()) return call.input;
    return -1;
  }();
  static constexpr auto after_frozen = [](const step_call &call) {
    return call.is_forward() && call.output > frozen_output;
  };
  static constexpr int forward_calls = [] {
    int n = 0;
    for (const step_call &call : runner::calls)
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
  [[nodiscard]] bool ready() const noexcept { return runner_.ready(); }

  // Packs the weights of convolutions that changed: of frozen layers once, of the others after each update.
  status pack() noexcept {
    if (packed_all_ && packed_trained_) return status::ok;
    if (const status there = bring(state_parameters); there != status::ok) return there;
    const status result =
        runner_.pack(places_of_parameters().data(), packed_all_ ? first_trained_layer<network>() : 0);
    packed_all_ = packed_trained_ = result == status::ok;
    return result;
  }

  // running = (1 - momentum) running + momentum of the batch; the variance is the unbiased one, as in
  // PyTorch.
  status move_running_statistics() noexcept {
    constexpr float momentum = 0.1f;
    const auto parameter_at = [&](std::size_t i) {
      return floats_of(parameters_).subspan(offset_of(i), size_of(i));
    };
    for (const step_call &call : runner::calls) {
      const signature &s = call.kernel;
      if (s.op != operation::batch_norm || s.dir != direction::forward) continue;
      if constexpr (on_device)
        if (!runner_.fetch(step_place<network>(step_tensor::statistics, call.layer)))
          return status::kernel_failed;
      const float *const statistics = runner_.at(step_tensor::statistics, call.layer);
      const auto first = static_cast<std::size_t>(detail::parameter_index<network>(call.layer));
      const std::span<float> mean = parameter_at(first + 2), variance = parameter_at(first + 3);
      const float pixels = static_cast<float>(images_) * static_cast<float>(s.height * s.width);
      const float unbiased = pixels > 1 ? pixels / (pixels - 1) : 1;
      for (std::size_t c = 0; c < mean.size(); ++c) {
        mean[c] += momentum * (statistics[c] - mean[c]);
        variance[c] += momentum * (statistics[mean.size() + c] * unbiased - variance[c]);
      }
    }
    return status::ok;
  }

  // Labels are below `end`.
  status run_loss(const std::int32_t *labels, int end, float weight) noexcept {
    if (!ready()) return status::not_ready;
    if (std::any_of(labels, labels + batch, [&](std::int32_t label) { return label >= end; }))
      return status::invalid_argument;
    labels_ = labels;
    weight_ = weight;
    if constexpr (on_device) {
      constexpr auto &places = runner::device_places;
      if (const status s = runner_.give(places.labels, runner::label_bytes, labels_); s != status::ok)
        return s;
      if constexpr (runner::target_bytes > 0)
        if (const status s = runner_.give(places.targets, runner::target_bytes, targets_); s != status::ok)
          return s;
      losses_on_device_ = true;
    }
    return run([](const step_call &call) { return call.is_loss(); });
  }

  template <class Wanted> status run(Wanted wanted) noexcept {
    const auto parameters = places_of_parameters();
    std::array<float *, parameter_count> gradients{};
    for (std::size_t i = first_trained; i < parameter_count; ++i)
      gradients[i] = floats_of(gradients_).data() + (offset_of(i) - offset_of(first_trained));
    if (const status there = bring(state_parameters); there != status::ok) return there;
    float *losses = losses_.data();
    if constexpr (on_device) losses = runner_.template behind<float>(runner::device_places.losses);
    return runner_.run({.parameters = parameters.data(),
                        .gradients = gradients.data(),
                        .number = number_,
                        .labels = labels_,
                        .targets = targets_,
                        .smoothing = smoothing_,
                        .weight = weight_,
                        .losses = losses,
                        .images = images_,
                        .drops = drops_},
                       wanted);
  }

  template <class T> static constexpr std::array<T, parameter_count> ones() {
    std::array<T, parameter_count> all{};
    all.fill(T{1});
    return all;
  }

  memory_block parameters_, gradients_, momenta_;
  runner runner_;
  std::array<float, parameter_count> rate_factors_ = ones<float>(), decay_factors_ = ones<float>();
  mutable std::array<float, static_cast<std::size_t>(batch)> losses_{};
  mutable bool losses_on_device_ = false; // and not here yet
  [[no_unique_address]] std::array<detail::device_block_of<Kernels>, 3> device_blocks_;
  mutable std::array<newer, 3> newer_{}; // by state_block
  bool frozen_changed_ = false;          // by the caller, on the host
  bool packed_all_ = false, packed_trained_ = false;
  step_number number_;
  int images_ = batch;
  bool drops_ = true;
  const std::int32_t *labels_ = nullptr;
  const float *targets_ = nullptr;
  float smoothing_ = 0, weight_ = 1;
};

} // namespace vggen
