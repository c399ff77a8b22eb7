// The extents of the images that a kernel works on: numbers, or, of a kernel whose extent is dynamic, what
// the buffer of its input says.
#pragma once

#include <vggen/net/signature.hpp>

#include <Halide.h>

namespace vggen {

struct image_extents {
  Halide::Expr width, height;               ///< of the input
  Halide::Expr sum_width, sum_height;       ///< of the sums, before a pool of the epilogue
  Halide::Expr output_width, output_height; ///< of the output

  [[nodiscard]] bool defined() const { return width.defined(); }
};

/// Those that follow from an input's.
inline image_extents extents_from(const signature &kernel, const Halide::Expr &width,
                                  const Halide::Expr &height) {
  const bool valid = kernel.op == operation::conv;
  const bool halves = kernel.pool || kernel.op == operation::max_pool;
  const auto sum = [&](const Halide::Expr &input, int filter) {
    return valid ? Halide::Internal::simplify(input - filter + 1) : input;
  };
  const auto output = [&](const Halide::Expr &sums, int adaptive) {
    return kernel.is_adaptive_pool() ? Halide::Expr(adaptive)
           : halves                  ? Halide::Internal::simplify(sums / 2)
                                     : sums;
  };
  const Halide::Expr sum_width = sum(width, kernel.filter_width),
                     sum_height = sum(height, kernel.filter_height);
  return {.width = width,
          .height = height,
          .sum_width = sum_width,
          .sum_height = sum_height,
          .output_width = output(sum_width, kernel.filter_width),
          .output_height = output(sum_height, kernel.filter_height)};
}

/// Those of a kernel whose input is [c, x, y, n] in `input`, with a halo or without. What a buffer says is
/// taken to be at least what gives one output and at most the signature's extent, so that the compiler knows
/// bounds.
template <class Buffer> image_extents extents_of(const signature &kernel, const Buffer &input, bool halo) {
  if (!kernel.dynamic) return extents_from(kernel, kernel.width, kernel.height);
  const auto at_hand = [&](int dimension, int filter, int most) {
    const int least = kernel.op == operation::conv                      ? filter
                      : kernel.pool || kernel.op == operation::max_pool ? 2
                                                                        : 1;
    return Halide::clamp(input.dim(dimension).extent() - (halo ? 2 : 0), least, most);
  };
  return extents_from(kernel, at_hand(1, kernel.filter_width, kernel.width),
                      at_hand(2, kernel.filter_height, kernel.height));
}

} // namespace vggen
