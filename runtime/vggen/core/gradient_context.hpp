// Gradients of any loss that is a function of a network's features (with_features): with respect to each
// feature and to the input. What perceptual losses, style transfer, saliency maps and Grad-CAM are made of.
//
//     context.prepare({.threads = 2});
//     context.assign(pointers);
//     context.set_input(image);
//     context.forward();
//     ... look at context.output_of(layer), write the loss's own gradients into context.loss_gradient(layer)
//     ... context.backward(); context.input_gradient();
#pragma once

#include "vggen/core/activation.hpp"
#include "vggen/core/status.hpp"
#include "vggen/core/step_runner.hpp"
#include "vggen/core/stitch.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vggen {

/// What a gradient context is prepared with.
struct gradient_options {
  int threads = 0; ///< with the caller's own; 0: default_threads()
};

/// Represents a place where a network runs as far as its last feature, and back to its input. Dropout does
/// nothing, as in inference. prepare() takes all memory and starts all threads; after that nothing is
/// allocated and nothing is thrown. For one thread at a time.
template <class Kernels> class gradient_context {
public:
  using network = detail::batch_network<Kernels, Kernels::gradients_batch>;

private:
  using runner = detail::step_runner<Kernels, network, backward_goal::features>;

public:
  static constexpr int batch = Kernels::gradients_batch;
  static_assert(batch > 0, "this model was not compiled for gradients (MODE gradients)");
  static_assert(Kernels::device == device_api::cpu, "gradients at features are computed on the processor");
  static constexpr std::size_t parameter_count = parameter_infos<network>.size();

  /// Bytes that prepare() takes: packed weights and the arena of activations and gradients.
  static constexpr std::size_t packed_bytes() noexcept { return runner::packed_bytes(); }
  static constexpr std::size_t arena_bytes() noexcept { return runner::arena_bytes(); }

  /// Takes memory and starts threads; the losses' gradients are zero. Returns unsupported_target if this
  /// machine cannot run the kernels, invalid_argument for an impossible number of threads, out_of_memory.
  status prepare(const gradient_options &options = {}) noexcept {
    assigned_ = false;
    const status result = runner_.prepare(options.threads);
    if (result == status::ok) clear_loss_gradients();
    return result;
  }

  /// Takes the parameters, each in the order and shape of parameter_infos<network>. Weights of convolutions
  /// are copied; the others are used where they are, and must outlive the context. Of layers behind the last
  /// feature the pointers may be null; another null pointer gives invalid_argument.
  status assign(const std::array<const float *, parameter_count> &sources) noexcept {
    if (!runner_.ready()) return status::not_ready;
    assigned_ = false;
    for (std::size_t i = 0; i < parameter_count; ++i)
      if (!sources[i] && parameter_infos<network>[i].layer <= last_feature<network>())
        return status::invalid_argument;
    sources_ = sources;
    const status result = runner_.pack(sources_.data(), 0);
    assigned_ = result == status::ok;
    return result;
  }

  /// Takes `batch` images as the network sees them, float32 in the order [n][c][y][x]. They last for one run.
  status set_input(const float *nchw) noexcept {
    if (!runner_.ready()) return status::not_ready;
    return runner_.set_input(nchw);
  }
  /// Takes `batch` images, u8 in the order [n][y][x][c], and normalises them as model_context::set_images
  /// does.
  status set_images(const std::uint8_t *images, const float *constants, bool reverse_channels) noexcept {
    if (!runner_.ready()) return status::not_ready;
    return runner_.set_images(images, constants, reverse_channels);
  }

  /// Runs the network as far as its last feature. Returns not_ready without weights, or kernel_failed.
  status forward() noexcept {
    return run([](const step_call &call) { return call.is_forward(); });
  }

  /// The output of a feature's layer after forward() and before backward(); of a layer that is no feature,
  /// data is null. A convolution's is that after its relu.
  [[nodiscard]] activation_view output_of(int layer) const noexcept {
    const int feature = feature_of(layer);
    return feature < 0 ? activation_view{} : runner_.view(step_tensor::activation, feature);
  }

  /// Where the gradient goes that the loss has with respect to a feature's output, not counting what reaches
  /// it through later features: [c, x, y, n], c innermost, as large as its output without halo. It stays
  /// until it is written again. Empty for a layer that is no feature.
  [[nodiscard]] std::span<float> loss_gradient(int layer) noexcept {
    const int feature = feature_of(layer);
    if (feature < 0) return {};
    return {runner_.at(step_tensor::loss_gradient, feature), size_of(feature)};
  }
  /// Sets them all to zero.
  void clear_loss_gradients() noexcept {
    for (int i = 0; i <= last_feature<network>(); ++i)
      std::ranges::fill(loss_gradient(i), 0.f);
  }

  /// Computes the gradients of the loss from loss_gradient() of all features, after forward().
  status backward() noexcept {
    return run([](const step_call &call) { return call.kernel.dir != direction::forward; });
  }

  /// The gradient of the loss with respect to the input: [c, x, y, n]. Valid until the next forward().
  [[nodiscard]] activation_view input_gradient() const noexcept {
    return runner_.view(step_tensor::gradient, 0);
  }
  /// The whole gradient of the loss with respect to a feature's output, later features included.
  [[nodiscard]] activation_view gradient_of(int layer) const noexcept {
    const int feature = feature_of(layer);
    if (feature < 0) return {};
    return runner_.view(feature == last_feature<network>() ? step_tensor::loss_gradient : step_tensor::sum,
                        feature);
  }

  [[nodiscard]] int threads() const noexcept { return runner_.threads().threads(); }
  /// What a kernel that failed said of it, in one line.
  [[nodiscard]] const char *message() const noexcept { return runner_.threads().message(); }

private:
  // The layer that stores a layer's output, if that is a feature; else -1.
  static int feature_of(int layer) noexcept {
    if (layer < 1 || layer >= static_cast<int>(network::layer_count)) return -1;
    const int stored = detail::storing_layer<network>(layer);
    return is_feature<network>(stored) ? stored : -1;
  }
  static std::size_t size_of(int layer) noexcept {
    return static_cast<std::size_t>(layer_infos<network>[static_cast<std::size_t>(layer)].output.size() *
                                    batch);
  }
  template <class Wanted> status run(Wanted wanted) noexcept {
    if (!runner_.ready() || !assigned_) return status::not_ready;
    return runner_.run({.parameters = sources_.data()}, wanted);
  }

  runner runner_;
  std::array<const float *, parameter_count> sources_{};
  bool assigned_ = false;
};

} // namespace vggen
