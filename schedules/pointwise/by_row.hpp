// Pixel by pixel: vectors along channels, or along the row where there are too few channels; rows in
// parallel.
#pragma once

#include "generators/image_output.hpp"

#include <Halide.h>

#include <algorithm>

namespace vggen {

/// Schedules an output of so many channels and such an extent by rows.
inline void compute_by_row(image_output &out, int lanes, int channels, int width, int height) {
  using Halide::TailStrategy;
  const auto by_row = [&](auto stage, const auto &x, const auto &y) {
    if (channels >= lanes)
      stage.vectorize(out.c, lanes, TailStrategy::GuardWithIf);
    else
      stage.reorder(out.c, x, y, out.n)
          .unroll(out.c, channels)
          .vectorize(x, std::min(lanes, width), TailStrategy::GuardWithIf);
    if (height > 1) stage.parallel(y);
  };
  if (out.stage < 0) {
    out.func.bound(out.c, 0, channels);
    by_row(Halide::Stage(out.func), out.x, out.y);
  } else {
    for (int border = 0; border < out.stage; ++border)
      out.func.update(border).vectorize(out.c, std::min(lanes, channels), TailStrategy::GuardWithIf);
    by_row(out.func.update(out.stage), out.pixels.x, out.pixels.y);
  }
}

} // namespace vggen
