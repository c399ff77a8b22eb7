// The random order of an epoch.
#pragma once

#include <cstdint>
#include <span>

namespace vggen {

/// The number of epoch that subset.hpp's splits use; no epoch of training has it.
inline constexpr std::uint32_t split_epoch = 0xffffffff;

/// Puts `order` into an order that (seed, epoch) alone determine; which numbers it holds does not matter. It
/// is Fisher and Yates's shuffle: for i = n - 1, …, 1 the elements i and j are exchanged, j being uniform in
/// [0, i] and drawn from Philox with the key `seed` and the counter (i, 0, epoch, random_stream::shuffle).
/// Requires fewer than 2^32 elements.
void shuffle(std::span<std::uint32_t> order, std::uint64_t seed, std::uint32_t epoch) noexcept;

} // namespace vggen
