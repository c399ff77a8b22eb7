// What a schedule needs to know of the processor it is for.
#pragma once

#include <Halide.h>

namespace vggen {

/// Represents a processor. The figures of caches were measured on Zen 4 and on Sapphire Rapids; other
/// processors with the same vectors take after one of them.
struct machine {
  int lanes;                   ///< floats in a vector
  int registers;               ///< vector registers
  int fused_per_cycle;         ///< vector multiply-adds that start in a cycle
  bool folds_broadcasts;       ///< a multiply-add takes a broadcast scalar straight from memory
  double kept_bytes;           ///< that a core's own cache keeps while a kernel reads them again and again
  double shared_per_cycle;     ///< bytes that a core reads from the cache that cores share
  double memory_per_cycle;     ///< bytes that it reads from memory
  bool prefetches_past_caches; ///< into the first one only; elsewhere that makes lines come from memory twice
};

inline machine machine_of(const Halide::Target &target) {
  const auto has = [&](Halide::Target::Feature feature) { return target.has_feature(feature); };
  const bool zen5 = has(Halide::Target::AVX512_Zen5), zen4 = has(Halide::Target::AVX512_Zen4) && !zen5;
  const bool xeon = !zen4 && !zen5 &&
                    (has(Halide::Target::AVX512) || has(Halide::Target::AVX512_Skylake) ||
                     has(Halide::Target::AVX512_Cannonlake) || has(Halide::Target::AVX512_SapphireRapids));
  const bool avx512 = zen4 || zen5 || xeon;
  const bool arm = target.arch == Halide::Target::ARM && target.bits == 64;
  const bool large_caches = has(Halide::Target::AVX512_SapphireRapids) && xeon;
  return {.lanes = target.natural_vector_size<float>(),
          .registers = avx512 || arm ? 32 : 16,
          .fused_per_cycle = zen4 ? 1 : 2,   // Zen 4 halves its vectors
          .folds_broadcasts = avx512 || arm, // arm: fmla by element reads four scalars from one register
          // half of what such cores usually have
          .kept_bytes = large_caches ? 1e6
                        : avx512     ? 512e3
                                     : 256e3,
          .shared_per_cycle = xeon ? 10.0 : 32.0,
          .memory_per_cycle = xeon ? 5.0 : 10.0,
          // with AVX2 alone: as on Zen 3, where its schedules were measured
          .prefetches_past_caches = zen4 || zen5 || (has(Halide::Target::AVX2) && !avx512)};
}

/// The largest divisor of n that is at most `limit`.
inline int divisor_up_to(int n, int limit) {
  int best = 1;
  for (int d = 1; d <= n && d <= limit; ++d)
    if (n % d == 0) best = d;
  return best;
}

} // namespace vggen
