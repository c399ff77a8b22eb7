// The output of a kernel, with or without a halo of zeros.
#pragma once

#include "extents.hpp"

#include <vggen/net/signature.hpp>

#include <Halide.h>

namespace vggen {

/// Makes `output` [c, x, y, n] undefined, then zero on the halo of a kernel that has one. What is inside is
/// left to the caller's further updates. Returns the index that the next update will have.
inline int define_halo(Halide::Func output, const signature &kernel, const image_extents &extents,
                       const Halide::Var &c, const Halide::Var &x, const Halide::Var &y,
                       const Halide::Var &n) {
  output(c, x, y, n) = Halide::undef<float>();
  if (!kernel.output_halo) return 0;
  const Halide::Expr &width = extents.output_width, &height = extents.output_height;
  const Halide::RDom row(-1, width + 2, "halo_row"), column(0, height, "halo_column");
  output(c, row, -1, n) = 0.f;
  output(c, row, height, n) = 0.f;
  output(c, -1, column, n) = 0.f;
  output(c, width, column, n) = 0.f;
  return 4;
}

/// Represents an output that is computed pixel by pixel.
struct image_output {
  Halide::Func func;   // [c, x, y, n]
  Halide::RDom pixels; // [x, y], where the output has a halo
  int stage =
      -1; ///< the update that runs over `pixels`; -1: there is no halo, the pure definition does it all
  image_extents extents; ///< those at hand, where they are dynamic; undefined: the signature's
  Halide::Var c{"c"}, x{"x"}, y{"y"}, n{"n"};

  /// Defines func(c, x, y, n) as value(c, x, y, n).
  template <class Value> void define(const signature &kernel, Value value) {
    if (!kernel.output_halo) {
      func(c, x, y, n) = value(c, x, y, n);
      return;
    }
    const image_extents e = extents.defined() ? extents : extents_from(kernel, kernel.width, kernel.height);
    stage = define_halo(func, kernel, e, c, x, y, n);
    pixels = Halide::RDom(0, e.output_width, 0, e.output_height, "pixels");
    func(c, pixels.x, pixels.y, n) = value(c, pixels.x, pixels.y, n);
  }
};

} // namespace vggen
