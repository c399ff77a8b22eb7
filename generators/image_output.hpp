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

/// Makes what is undefined of `output` zero on the halo, in one update: on a device, where each is a launch.
/// Returns the domain along the halo.
inline Halide::RDom define_frame(Halide::Func output, const image_extents &extents, const Halide::Var &c,
                                 const Halide::Var &n) {
  using Halide::Expr;
  const Expr row = extents.output_width + 2, height = extents.output_height;
  const Halide::RDom frame(0, Halide::Internal::simplify(2 * row + 2 * height), "frame");
  const Expr beyond = Halide::max(frame - 2 * row, 0); // of the upper and the lower row
  const Expr in_rows = frame < 2 * row;
  const Expr x = Halide::select(in_rows, frame % row, beyond % 2 * (row - 1)) - 1;
  const Expr y = Halide::select(in_rows, Halide::min(frame / row, 1) * (height + 1) - 1,
                                Halide::clamp(beyond / 2, 0, height - 1));
  output(c, x, y, n) = 0.f;
  return frame;
}

/// Represents an output that is computed pixel by pixel.
struct image_output {
  Halide::Func func;   // [c, x, y, n]
  Halide::RDom pixels; // [x, y], where the output has a halo
  int stage =
      -1; ///< the update that runs over `pixels`; -1: there is no halo, the pure definition does it all
  bool in_one = false;   ///< a halo is computed with the rest: on a device, where each update is a launch
  image_extents extents; ///< those at hand, where they are dynamic; undefined: the signature's
  Halide::Var c{"c"}, x{"x"}, y{"y"}, n{"n"};

  /// Defines func(c, x, y, n) as value(c, x, y, n).
  template <class Value> void define(const signature &kernel, Value value) {
    if (!kernel.output_halo) {
      func(c, x, y, n) = value(c, x, y, n);
      return;
    }
    const image_extents e = extents.defined() ? extents : extents_from(kernel, kernel.width, kernel.height);
    if (in_one) {
      const Halide::Expr width = e.output_width, height = e.output_height;
      const Halide::Expr inside = x >= 0 && x < width && y >= 0 && y < height;
      func(c, x, y, n) = Halide::select(
          inside, value(c, Halide::clamp(x, 0, width - 1), Halide::clamp(y, 0, height - 1), n), 0.f);
      return;
    }
    stage = define_halo(func, kernel, e, c, x, y, n);
    pixels = Halide::RDom(0, e.output_width, 0, e.output_height, "pixels");
    func(c, pixels.x, pixels.y, n) = value(c, pixels.x, pixels.y, n);
  }
};

} // namespace vggen
