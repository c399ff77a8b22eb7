// How weights are taken into a model.
#pragma once

#include <cstddef>
#include <span>

namespace vggen {

/// Represents whom to tell that parts of the parameters were packed. Nothing reads such a part again but the
/// packing for another batch, or another batch that takes it as it is: whoever has it in a file can give the
/// memory back.
struct packed_listener {
  void (*function)(void *context, std::span<const float> part) noexcept = nullptr;
  void *context = nullptr;

  void operator()(std::span<const float> part) const noexcept {
    if (function) function(context, part);
  }
};

/// What weights are prepared with.
struct assign_options {
  bool features = false; ///< contexts may run up to single layers (context::forward_to)
  int batch = 0;         ///< a compiled batch: only what it reads is packed (add_batch() packs more); 0: all
  int threads = 0;       ///< that pack; 0: default_threads()
  std::span<std::byte>
      lent{}; ///< memory for packed weights, 64-byte aligned, of packed_bytes(); empty: its own
  packed_listener packed{};
  /// Weights that were packed before, by their places in model_weights::packed_infos, each on a cache line;
  /// null: to be packed. Empty: none. They are used where they are, and must outlive the weights.
  std::span<const float *const> prepacked{};
};

} // namespace vggen
