// A model's parameters in memory, ready to run: shared by any number of contexts, and not changed by them.
#pragma once

#include "vggen/core/execution.hpp"
#include "vggen/core/invoke.hpp"
#include "vggen/core/memory.hpp"
#include "vggen/core/status.hpp"
#include "vggen/core/stitch.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace vggen {

/// Represents the parameters of a model, for all its compiled batches. Weights of convolutions are packed
/// into memory of its own; those of fully connected layers, and all biases, are used where they are, which
/// must outlive it.
template <class Kernels> class model_weights {
  using packing = detail::packing_plan<Kernels>;

public:
  using network = typename Kernels::network;
  static constexpr std::size_t parameter_count = parameter_infos<network>.size();

  /// Bytes of memory that assign() takes.
  static constexpr std::size_t packed_bytes(bool features = false) noexcept {
    return static_cast<std::size_t>(packing::size(features)) * sizeof(float);
  }

  /// Takes the parameters, each a packed array in the order and shape of parameter_infos<network>. With
  /// `features` contexts may run up to single layers (context::forward_to). `lent`: memory for the packed
  /// weights, 64-byte aligned, of packed_bytes(); empty: its own. `packed` is told of each convolution packed
  /// (done, total).
  ///
  /// Returns invalid_argument if a pointer is missing, out_of_memory, or kernel_failed if a packing kernel
  /// fails.
  template <class Progress = void (*)(int, int)>
  status assign(
      const std::array<const float *, parameter_count> &sources, bool features = false,
      std::span<std::byte> lent = {}, Progress packed = [](int, int) {}) noexcept {
    assigned_ = false;
    for (const float *source : sources)
      if (!source) return status::invalid_argument;
    if (!packed_.reset(packed_bytes(features), lent)) return status::out_of_memory;
    sources_ = sources;
    features_ = features;
    execution here; // kernels run in one: with the caller's thread alone
    if (const status ready = here.prepare(1, 0, 0, {}); ready != status::ok) return ready;
    int total = 0, done = 0;
    for (const auto &place : packing::places)
      total += features || !place.features;
    for (const auto &place : packing::places) {
      if (place.features && !features) continue;
      const compiled_kernel &kernel = Kernels::kernels[static_cast<std::size_t>(place.kernel)];
      const auto index = static_cast<std::size_t>(detail::parameter_index<network>(place.layer));
      if (invoke_pack(kernel, here.user_context(), sources[index], packed_at(place)) != 0)
        return status::kernel_failed;
      packed(++done, total);
    }
    assigned_ = true;
    return status::ok;
  }

  [[nodiscard]] bool assigned() const noexcept { return assigned_; }
  [[nodiscard]] bool has_features() const noexcept { return features_; }

  /// The weights in the layout that a call's kernel reads.
  template <detail::stitched_call Call> [[nodiscard]] const float *weights_for() const noexcept {
    if constexpr (Call.parameter_layer < 0)
      return nullptr;
    else if constexpr (constexpr int place = packing::place_of(Call); place >= 0)
      return packed_at(packing::places.items[static_cast<std::size_t>(place)]);
    else
      return sources_[static_cast<std::size_t>(detail::parameter_index<network>(Call.parameter_layer))];
  }
  template <detail::stitched_call Call> [[nodiscard]] const float *bias_for() const noexcept {
    if constexpr (Call.parameter_layer < 0)
      return nullptr;
    else
      return sources_[static_cast<std::size_t>(detail::parameter_index<network>(Call.parameter_layer)) + 1];
  }

private:
  [[nodiscard]] float *packed_at(const detail::packed_place &place) const noexcept {
    return reinterpret_cast<float *>(packed_.data()) + place.offset;
  }

  memory_block packed_;
  std::array<const float *, parameter_count> sources_{};
  bool assigned_ = false;
  bool features_ = false;
};

} // namespace vggen
