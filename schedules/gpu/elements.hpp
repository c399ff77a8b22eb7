// Outputs that are computed value by value: neighbouring threads have neighbouring channels, and where those
// are few, pixels.
#pragma once

#include "generators/image_output.hpp"

#include <Halide.h>

#include <algorithm>
#include <bit>

namespace vggen {

/// Threads of a block along channels and along pixels.
struct element_threads {
  int channels = 1, pixels = 1;
};

inline element_threads threads_for(int channels) {
  constexpr int block = 256;
  const int wide = std::min(block, static_cast<int>(std::bit_ceil(static_cast<unsigned>(channels))));
  return {wide, block / wide};
}

/// Gives every value of f(c, x, y, n), or of an update over such variables, a thread.
template <class Stage, class C, class X, class Y, class N>
void compute_elements(Stage stage, const C &c, const X &x, const Y &y, const N &n, int channels) {
  const element_threads threads = threads_for(channels);
  C channel_block("channel_block"), channel("channel");
  X pixel_block("pixel_block"), pixel("pixel");
  Y row("row");
  stage.split(c, channel_block, channel, threads.channels, Halide::TailStrategy::GuardWithIf)
      .split(x, pixel_block, pixel, threads.pixels, Halide::TailStrategy::GuardWithIf)
      .fuse(y, n, row)
      .reorder(channel, pixel, channel_block, pixel_block, row)
      .gpu_blocks(channel_block, pixel_block, row)
      .gpu_threads(channel, pixel);
}

inline void compute_elements(image_output &out, int channels) {
  compute_elements(out.func, out.c, out.x, out.y, out.n, channels);
}

/// The same of an update that makes a halo zero: (c, frame, n).
inline void compute_frame(Halide::Stage stage, const Halide::Var &c, const Halide::RVar &frame,
                          const Halide::Var &n, int channels) {
  const element_threads threads = threads_for(channels);
  Halide::Var channel_block("channel_block"), channel("channel");
  Halide::RVar pixel_block("pixel_block"), pixel("pixel");
  stage.allow_race_conditions()
      .split(c, channel_block, channel, threads.channels, Halide::TailStrategy::GuardWithIf)
      .split(frame, pixel_block, pixel, threads.pixels, Halide::TailStrategy::GuardWithIf)
      .reorder({channel, pixel, channel_block, pixel_block, n})
      .gpu_blocks(channel_block, pixel_block, n)
      .gpu_threads(channel, pixel);
}

/// The same of vectors f(i).
template <class Stage, class I> void compute_elements(Stage stage, const I &i, int threads = 64) {
  I block("block"), thread("thread");
  stage.gpu_tile(i, block, thread, threads, Halide::TailStrategy::GuardWithIf);
}

} // namespace vggen
