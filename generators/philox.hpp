// Philox4x32-10 as Halide expressions: the numbers of runtime/vggen/core/random.hpp, which says what they
// are.
#pragma once

#include <Halide.h>

#include <array>
#include <cstdint>

namespace vggen {

/// The four words of a key and a counter, all uint32.
inline std::array<Halide::Expr, 4> philox(std::array<Halide::Expr, 2> key,
                                          std::array<Halide::Expr, 4> counter) {
  using Halide::Expr;
  const auto product = [](std::uint32_t factor, const Expr &word) {
    return Halide::cast<std::uint64_t>(word) * Halide::cast<std::uint64_t>(Expr(factor));
  };
  const auto low = [](const Expr &e) { return Halide::cast<std::uint32_t>(e); };
  const auto high = [](const Expr &e) { return Halide::cast<std::uint32_t>(e >> 32); };
  for (int round = 0; round < 10; ++round) {
    const Expr p = product(0xD2511F53u, counter[0]), q = product(0xCD9E8D57u, counter[2]);
    counter = {high(q) ^ counter[1] ^ key[0], low(q), high(p) ^ counter[3] ^ key[1], low(p)};
    key = {key[0] + Expr(std::uint32_t{0x9E3779B9u}), key[1] + Expr(std::uint32_t{0xBB67AE85u})};
  }
  return counter;
}

} // namespace vggen
