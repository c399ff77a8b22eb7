// Whole numbers and normal numbers from one block of Philox.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace vggen::detail {

using philox_block = std::array<std::uint32_t, 4>;

/// Philox's key for a seed.
constexpr std::array<std::uint32_t, 2> philox_key(std::uint64_t seed) noexcept {
  return {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
}

/// Returns a number from 0 to n - 1, floor(r n / 2^64) of the 64 bits r = (block[1], block[0]): no number is
/// likelier than another by more than one part in 2^32. Requires n >= 1.
constexpr std::uint32_t uniform_below(std::uint32_t n, const philox_block &block) noexcept {
  const std::uint64_t high = std::uint64_t{block[1]} * n, low = std::uint64_t{block[0]} * n;
  return static_cast<std::uint32_t>((high + (low >> 32)) >> 32);
}

/// Returns three numbers of mean 0 and standard deviation 1 (Box and Muller, 1958).
inline std::array<double, 3> three_normals(const philox_block &block) noexcept {
  const auto radius = [](std::uint32_t word) { return std::sqrt(-2 * std::log((word + 1.0) * 0x1p-32)); };
  const auto angle = [](std::uint32_t word) { return 2 * std::numbers::pi * (word * 0x1p-32); };
  return {radius(block[0]) * std::cos(angle(block[1])), radius(block[0]) * std::sin(angle(block[1])),
          radius(block[2]) * std::cos(angle(block[3]))};
}

} // namespace vggen::detail
