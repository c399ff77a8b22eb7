// Convolutions: 3x3 with zero padding, 1x1, and valid ones of any extent, each with bias, relu and 2x2
// max-pool.
//
//     sum(k, x, y) = Σ over ci, kx, ky of input(ci, x + kx - pad, y + ky - pad) * weights(k, ci, kx, ky)
//     output(k, x, y) = relu(max over the pool's window of sum + bias(k))
//
// The gradient of a convolution's input is itself a convolution, of the output's gradient with the weights
// turned around and inputs and outputs exchanged; a relu before the layer is undone by a mask instead of an
// epilogue (conv_of, and `mask` below).
//
// Weights come packed in panels of output channels: weights[k % panel, ci, kx, ky, k / panel].
#pragma once

#include "device_product.hpp"
#include "extents.hpp"
#include "prefetch.hpp"
#include "winograd.hpp"

#include <vggen/net/signature.hpp>

#include <Halide.h>

namespace vggen {

/// How a convolution is computed by Winograd's minimal filtering (cook_toom.hpp): in tiles of `outputs` x
/// `outputs` sums, which are counted through rows, columns and images alike.
struct winograd_tiling {
  int outputs = 0; ///< of a tile, in each direction; 0: not by Winograd
  /// Tiles whose points lie side by side, so that a product reads one stream of memory: for each `channels`
  /// of the input, which divide those of a part, a row of them from each tile.
  int group = 1, channels = 1;
  int block = 1; ///< tiles that are transformed together, in whole groups; at most as many as there are
  int lanes = 1; ///< output channels that are transformed back together; they divide the panel
  int panels_at_once = 1; ///< whose products are computed together, point by point; they divide the panels
  /// In so many parts of the input channels the kernel itself transforms the weights, from plain ones; it
  /// divides the channels. 0: the weights come transformed.
  int parts = 0;
};

/// How a convolution's output is cut into tiles that are computed in registers. The last tile of a row and
/// the last panel are moved inwards, so that every tile is whole and nothing outside the output is written.
/// Where the extent is dynamic a row may be shorter than a tile: the last one hangs over, and what hangs over
/// is not stored.
struct conv_tiling {
  int panel = 0; ///< output channels in a tile
  int pixels =
      0;        ///< neighbouring output pixels of a row in a tile; 0: no tiles, all is pure (autoschedulers)
  int rows = 1; ///< rows in a tile; they divide the height, and are 1 where that is dynamic
  int images = 1; ///< images in a tile; they divide the batch
  int parts = 1;  ///< of the input channels, which they divide, each summed up over all tiles before the next
  bool panels_outside = false; ///< the loop over panels is the outermost (tiles overlap, so that their order
                               ///< is part of the algorithm)
  winograd_tiling winograd{};  ///< of these only panel and panels_outside then matter
  device_tiling device{};      ///< on a device, of these alone
};

/// The stages of Winograd's form: indices i, j count the points of a tile, u the tiles of a group.
struct winograd_stages {
  tile_transform input;             // [channel, u, channels, group, i, j]: channel counts in `channels`
  Halide::Func filter_rows, filter; // [k, ci, i, ky or j, panel]: of plain weights, if they are
  Halide::Func sums;                // [k, u, group, i, j, panel, part]: over a part of the input channels
  Halide::Func products; // [k, u, group, i, j, panel]: the same in memory; of several parts in its update
  Halide::Func columns;  // [k, dx, u, group, j, panel]: transformed back along x
  /// Those of conv_stages::tiles, from the innermost; then turn (of panels that are computed at once) and
  /// block, or block and turn.
  Halide::RVar lane, dx, dy, vector, tile, tile_group, panel_in_turn;
  Halide::RVar turn, block;
  Halide::RVar part; ///< of the input channels, in the products' update
  Halide::Var channel{"channel"}, channels{"channels"}, u{"u"}, group{"group"}, i{"i"}, j{"j"};
  int row = 1;    ///< extent of `channel`
  int groups = 1; ///< in a block
  /// What the schedule wants to be prefetched: of the input for the next tile of a row of tiles, and of the
  /// next point's weights.
  lines_ahead next_tile;
  block_ahead next_point;
};

/// The stages of a convolution. In the tiled form
///     sums    [k, dx, dy, x, row, image, panel, tile, y, n, part]: k, x, row and image count inside the
///             tile, panel, tile, y and n count tiles; dx, dy inside the pool's window; no part if there is
///             one
///     totals  [k, dx, dy, x, row, image, panel, tile, y, n], of several parts
///     output  its update `tile_stage` runs over `tiles`
/// in the pure form
///     sums    [k, x, y, n], output [k, x, y, n],
/// on a device `device`, whose rows are output channels and whose columns are pixels (with a pool all that go
/// into one side by side),
/// and in Winograd's form `winograd` and the output's update `tile_stage`.
struct conv_stages {
  Halide::Func input;   // [ci, x, y, n]
  Halide::Func weights; // [k, ci, kx, ky, panel]
  /// Input and weights as they lie in memory (packing.hpp), to be prefetched.
  Halide::ImageParam input_buffer, packed_weights;
  Halide::Func bias; // [k]
  Halide::Func mask; // [k, x, y, n]; defined: the output is zero where it is not positive
  image_extents extents;
  Halide::Func sums;
  Halide::Func totals; // of sums that are over a part of the input channels: those of all, in memory
  Halide::RVar part;   // in the totals' update
  Halide::RDom window; // [ci, kx, ky], of a part; in Winograd's form [channel, channels] of a part
  Halide::Func output; // [k, x, y, n]
  /// [k, x, row, image] inside a tile, and tiles of a row, panels, tiles of rows, tiles of images; panels
  /// last if they are outside.
  Halide::RDom tiles;
  Halide::RVar tile_x, tile_panel, tile_row, tile_image; ///< those of `tiles`
  winograd_stages winograd;
  bool on_device = false;
  device_product device;
  Halide::Func partial;     // [k, column, part]: on a device, of sums in several parts; another output
  int frame_stage = -1;     ///< index of output's update that makes the halo zero, on a device
  Halide::RDom frame;       ///< of that update
  int tile_stage = -1;      ///< index of output's update that computes the tiles; -1 in the pure form
  bool whole_panels = true; ///< no two panels overlap, so that they may run in parallel
  Halide::Var k{"k"}, x{"x"}, y{"y"}, n{"n"}, dx{"dx"}, dy{"dy"}, row{"row"}, image{"image"}, panel{"panel"},
      tile{"tile"};
};

/// The convolution that computes a kernel: itself, or for backward-data that of the gradients.
inline signature conv_of(const signature &kernel) {
  if (kernel.dir != direction::backward_data) return kernel;
  signature s = kernel;
  s.dir = direction::forward;
  s.channels = kernel.outputs;
  s.outputs = kernel.channels;
  s.input_halo = kernel.gradient_halo();
  s.bias = s.relu = s.pool = false;
  return s;
}

/// The algorithm. `stages` holds input, weights, bias, mask and extents; the rest is made here. kernel:
/// conv_of's.
void define_convolution(conv_stages &stages, const signature &kernel, const conv_tiling &tiling);

} // namespace vggen
