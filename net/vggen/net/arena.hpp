// Where tensors lie in one block of memory: those that are not needed at the same time share it.
#pragma once

#include <vggen/net/shape.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace vggen {

/// Represents a tensor's place in the arena. Its data are float32 [c, x, y, n], c innermost; with a halo one
/// zero pixel stands around each image.
struct tensor_place {
  shape extent{};
  bool halo = false;
  bool stored = false;     ///< false: it is never in memory (computed in place or as part of a kernel)
  int first_call = 0;      ///< index of the call that writes it; -1 for the input
  int last_call = 0;       ///< index of the last call that reads it
  std::int64_t offset = 0; ///< bytes from the start of the arena
  std::int64_t bytes = 0;  ///< for the whole batch, rounded up to the alignment
};

/// Tensors begin where buffers may begin on any device, which is on cache lines, too.
inline constexpr std::int64_t arena_alignment = 512;

namespace detail {

/// Bytes of that many floats, in whole units of the arena's alignment.
constexpr std::int64_t aligned_bytes(std::int64_t floats) {
  const std::int64_t bytes = floats * std::int64_t{sizeof(float)};
  return (bytes + arena_alignment - 1) / arena_alignment * arena_alignment;
}

/// Chooses the offsets: the largest tensor first, each at the lowest offset that no tensor alive at the same
/// time holds.
template <std::size_t N> constexpr void place_tensors(std::array<tensor_place, N> &tensors) {
  std::array<std::size_t, N> order{};
  for (std::size_t i = 0; i < N; ++i)
    order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tensors[a].bytes != tensors[b].bytes ? tensors[a].bytes > tensors[b].bytes : a < b;
  });
  for (std::size_t placed = 0; placed < N; ++placed) {
    tensor_place &t = tensors[order[placed]];
    if (!t.stored) break; // empty ones sort last
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t k = 0; k < placed; ++k) {
        const tensor_place &other = tensors[order[k]];
        const bool alive_together = t.first_call <= other.last_call && other.first_call <= t.last_call;
        if (alive_together && t.offset < other.offset + other.bytes && other.offset < t.offset + t.bytes) {
          t.offset = other.offset + other.bytes;
          moved = true;
        }
      }
    }
  }
}

/// The end of the last tensor: the bytes that the block needs.
template <std::size_t N> constexpr std::int64_t end_of(const std::array<tensor_place, N> &tensors) {
  std::int64_t end = 0;
  for (const tensor_place &t : tensors)
    end = std::max(end, t.offset + t.bytes);
  return end;
}

} // namespace detail

} // namespace vggen
