// What a schedule needs to know of the processor it is for.
#pragma once

#include <Halide.h>

namespace vggen {

/// Represents the vector unit of a target.
struct machine {
  int lanes;                   ///< floats in a vector
  int registers;               ///< vector registers
  int fused_per_cycle;         ///< vector multiply-adds that start in a cycle
  bool folds_broadcasts;       ///< a multiply-add takes a broadcast scalar straight from memory
  double kept_bytes;           ///< that a core's own cache keeps while a kernel reads them again and again
  bool prefetches_past_caches; ///< into the first one only, without loss
};

inline machine machine_of(const Halide::Target &target) {
  const bool avx512 =
      target.has_feature(Halide::Target::AVX512) || target.has_feature(Halide::Target::AVX512_Skylake) ||
      target.has_feature(Halide::Target::AVX512_Cannonlake) ||
      target.has_feature(Halide::Target::AVX512_SapphireRapids) ||
      target.has_feature(Halide::Target::AVX512_Zen4) || target.has_feature(Halide::Target::AVX512_Zen5);
  const bool zen =
      target.has_feature(Halide::Target::AVX512_Zen4) || target.has_feature(Halide::Target::AVX512_Zen5);
  const bool arm = target.arch == Halide::Target::ARM && target.bits == 64;
  return {.lanes = target.natural_vector_size<float>(),
          .registers = avx512 || arm ? 32 : 16,
          .fused_per_cycle =
              target.has_feature(Halide::Target::AVX512_Zen4) ? 1 : 2, // Zen 4 halves its vectors
          .folds_broadcasts = avx512 || arm,    // arm: fmla by element reads four scalars from one register
          .kept_bytes = avx512 ? 512e3 : 256e3, // half of what such cores usually have
          .prefetches_past_caches = zen};
}

/// The largest divisor of n that is at most `limit`.
inline int divisor_up_to(int n, int limit) {
  int best = 1;
  for (int d = 1; d <= n && d <= limit; ++d)
    if (n % d == 0) best = d;
  return best;
}

} // namespace vggen
