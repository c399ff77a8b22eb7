// How weights are taken into a model.
#pragma once

#include <cstddef>
#include <span>

namespace vggen {

/// What weights are prepared with.
struct assign_options {
  bool features = false; ///< contexts may run up to single layers (context::forward_to)
  int batch = 0;         ///< a compiled batch: only what it reads is packed (add_batch() packs more); 0: all
  int threads = 0;       ///< that pack; 0: default_threads()
  std::span<std::byte>
      lent{}; ///< memory for packed weights, 64-byte aligned, of packed_bytes(); empty: its own
};

} // namespace vggen
