// How a convolution's weights lie in memory once packed: panels of output channels, each with its window and
// input channels outside, its outputs innermost: [k % panel, ci, kx, ky, k / panel], as one flat array.
#pragma once

#include "schedules/schedule.hpp"

#include <vggen/net/signature.hpp>

#include <Halide.h>

#include <cstdint>

namespace vggen {

/// Represents the packed form of a convolution's weights.
struct weight_panels {
  int panel = 1; ///< outputs in a panel; the last panel is moved inwards so that it is whole
  int outputs = 1, inputs = 1;
  bool window_inside = false; ///< [k % panel, kx, ky, ci, k / panel] instead
  int width = 1, height = 1;  ///< of the window, or of the points of a Winograd tile that stand for it

  weight_panels(const signature &kernel, const weight_layout &layout)
      : panel(layout.panel), outputs(kernel.outputs), inputs(kernel.channels),
        window_inside(layout.window_inside),
        width(layout.winograd > 0 ? layout.winograd + 2 : kernel.window_width()),
        height(layout.winograd > 0 ? layout.winograd + 2 : kernel.window_height()) {}

  [[nodiscard]] int panels() const { return (outputs + panel - 1) / panel; }
  [[nodiscard]] std::int64_t size() const { return std::int64_t{panels()} * panel * inputs * width * height; }
  /// Where an element is in the flat array.
  [[nodiscard]] Halide::Expr index(Halide::Expr k, Halide::Expr ci, Halide::Expr kx, Halide::Expr ky,
                                   Halide::Expr p) const {
    if (window_inside) return k + panel * (kx + width * (ky + height * (ci + inputs * p)));
    return k + panel * (ci + inputs * (kx + width * (ky + height * p)));
  }
};

} // namespace vggen
