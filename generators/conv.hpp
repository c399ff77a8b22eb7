// Convolutions: 3x3 with zero padding, 1x1, and valid ones of any extent, each with bias, relu and 2x2
// max-pool.
//
//     sum(k, x, y) = Σ over ci, kx, ky of input(ci, x + kx - pad, y + ky - pad) * weights(k, ci, kx, ky)
//     output(k, x, y) = relu(max over the pool's window of sum + bias(k))
//
// Weights come packed in panels of output channels: weights[k % panel, ci, kx, ky, k / panel].
#pragma once

#include <vggen/net/signature.hpp>

#include <Halide.h>

namespace vggen {

/// How a convolution's output is cut into tiles that are computed in registers. The last tile of a row and
/// the last panel are moved inwards, so that every tile is whole and nothing outside the output is written.
struct conv_tiling {
  int panel = 0; ///< output channels in a tile
  int pixels =
      0; ///< neighbouring output pixels of a row in a tile; 0: no tiles, all is pure (autoschedulers)
  bool panels_outside = false; ///< the loop over panels is outside of the loop over rows (tiles overlap, so
                               ///< that their order is part of the algorithm)
};

/// The stages of a convolution. In the tiled form
///     sums    [k, dx, dy, x, panel, tile, y, n]: k and x count inside the tile; dx, dy inside the pool's
///     window
////     output  its update `tile_stage` runs over `tiles` [k, x, tile, panel, y] or [k, x, tile, y, panel]
/// in the pure form
///     sums    [k, x, y, n], output [k, x, y, n].
struct conv_stages {
  Halide::Func input;   // [ci, x, y, n]
  Halide::Func weights; // [k, ci, kx, ky, panel]
  Halide::Func bias;    // [k]
  Halide::Func sums;
  Halide::RDom window; // [ci, kx, ky]
  Halide::Func output; // [k, x, y, n]
  Halide::RDom tiles;
  Halide::RVar tile_panel, tile_row; ///< those of `tiles`
  int tile_stage = -1;      ///< index of output's update that computes the tiles; -1 in the pure form
  bool whole_panels = true; ///< no two tiles overlap, so that panels may run in parallel
  Halide::Var k{"k"}, x{"x"}, y{"y"}, n{"n"}, dx{"dx"}, dy{"dy"}, panel{"panel"}, tile{"tile"};
};

/// The algorithm. `stages` holds input, weights and bias; the rest is made here.
void define_convolution(conv_stages &stages, const signature &kernel, const conv_tiling &tiling);

} // namespace vggen
