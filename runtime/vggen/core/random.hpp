// Random numbers that depend on where they are used and on nothing else: Philox4x32-10 (Salmon et al.,
// "Parallel random numbers: as easy as 1, 2, 3", SC 2011) turns a key and a counter into four random words.
//
// The key is the seed. The counter is (element / 4, tensor, stream): the low and the high word of the 64-bit
// number of the block, which tensor, and what the numbers are for.
#pragma once

#include <vggen/net/parameters.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vggen {

/// What random numbers are for: numbers of different streams have nothing to do with each other. New uses are
/// added at the end; a number once used keeps its meaning.
enum class random_stream : std::uint32_t {
  initial_weights = 0,
  test_input = 1,
  dropout = 2, ///< the high word of the block's number is the training step
  shuffle = 3,
  augmentation = 4,
};

namespace detail {

/// Philox4x32-10 on `Lanes` counters at once, so that compilers vectorise it.
template <std::size_t Lanes> struct philox_lanes {
  using words = std::array<std::uint32_t, Lanes>;
  words a, b, c, d;

  constexpr void run(std::uint32_t key0, std::uint32_t key1) noexcept {
    for (int round = 0; round < 10; ++round) {
      for (std::size_t i = 0; i < Lanes; ++i) {
        const std::uint64_t p = std::uint64_t{0xD2511F53u} * a[i], q = std::uint64_t{0xCD9E8D57u} * c[i];
        const std::uint32_t b_old = b[i], d_old = d[i];
        a[i] = static_cast<std::uint32_t>(q >> 32) ^ b_old ^ key0;
        b[i] = static_cast<std::uint32_t>(q);
        c[i] = static_cast<std::uint32_t>(p >> 32) ^ d_old ^ key1;
        d[i] = static_cast<std::uint32_t>(p);
      }
      key0 += 0x9E3779B9u;
      key1 += 0xBB67AE85u;
    }
  }
};

} // namespace detail

/// The four words of a key and a counter.
constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 2> key,
                                              std::array<std::uint32_t, 4> counter) noexcept {
  detail::philox_lanes<1> p{{counter[0]}, {counter[1]}, {counter[2]}, {counter[3]}};
  p.run(key[0], key[1]);
  return {p.a[0], p.b[0], p.c[0], p.d[0]};
}

/// Fills `out` with uniform numbers in [-bound, bound): those of the elements offset … of a tensor. Element e
/// takes word w = e % 4 of its block, u = (w >> 8) * 2^-24, and the number is (2 u - 1) * bound, all in
/// float32. Only the last product rounds, so the bits are the same with and without fused multiply-adds.
constexpr void fill_uniform(std::span<float> out, float bound, std::uint64_t seed, random_stream stream,
                            std::uint32_t tensor, std::uint64_t offset = 0) noexcept {
  constexpr std::size_t lanes = 16;
  const auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  const std::uint64_t end = offset + out.size();
  for (std::uint64_t block = offset / 4; block * 4 < end; block += lanes) {
    detail::philox_lanes<lanes> p{};
    for (std::size_t i = 0; i < lanes; ++i) {
      p.a[i] = static_cast<std::uint32_t>(block + i);
      p.b[i] = static_cast<std::uint32_t>((block + i) >> 32);
      p.c[i] = tensor;
      p.d[i] = static_cast<std::uint32_t>(stream);
    }
    p.run(key0, key1);
    std::array<float, 4 * lanes> values{};
    const auto number = [&](std::uint32_t word) {
      return (2.f * (static_cast<float>(word >> 8) * 0x1p-24f) - 1.f) * bound;
    };
    for (std::size_t i = 0; i < lanes; ++i) {
      values[4 * i] = number(p.a[i]);
      values[4 * i + 1] = number(p.b[i]);
      values[4 * i + 2] = number(p.c[i]);
      values[4 * i + 3] = number(p.d[i]);
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::uint64_t element = block * 4 + i;
      if (element >= offset && element < end) out[static_cast<std::size_t>(element - offset)] = values[i];
    }
  }
}

/// Fills `out` with the initial values of a parameter tensor from element `offset` on; `tensor` is its index
/// among the network's parameters. Weights are uniform with He's bound, sqrt(6 / fan in) (arXiv 1502.01852);
/// biases and batch norms' shifts and running means are uniform in [-0.1, 0.1), their scales and running
/// variances in [0.75, 1.25), so that a network that forgets one is found out.
inline void fill_initial(std::span<float> out, const parameter_info &info, std::uint32_t tensor,
                         std::uint64_t seed, std::uint64_t offset = 0) noexcept {
  const double fan_in = static_cast<double>(info.size()) / static_cast<double>(info.extents[0]);
  using enum parameter_role;
  const bool around_one = info.role == scale || info.role == running_variance;
  const float bound = info.role == weights ? static_cast<float>(std::sqrt(6.0 / fan_in))
                      : around_one         ? 0.25f
                                           : 0.1f;
  fill_uniform(out, bound, seed, random_stream::initial_weights, tensor, offset);
  if (around_one) // a quarter of a number in [-1, 1) is exact, so that this is the only rounding
    for (float &value : out)
      value += 1.f;
}

} // namespace vggen
