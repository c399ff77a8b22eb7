// The gradient of a convolution's weights and bias: a reduction over all images and pixels.
//
//     weight_gradient(kx, ky, c, k) = Σ over x, y, n of output_gradient(k, x, y, n) * input(c, x + kx - pad,
//     y + ky - pad, n) bias_gradient(k)              = Σ over x, y, n of output_gradient(k, x, y, n)
//
// By Winograd the sum over a tile's pixels becomes a product for each of its points (conv.hpp): with the
// transforms of F(m, 3),
//
//     weight_gradient = filter^T * (Σ over tiles of (output^T * output_gradient) . (input * input)) * filter
//
// which is the transposed form of the convolution itself.
//
// The sum is cut by constants, never by the number of threads: a block of pixels is summed in registers, the
// blocks of a part one after the other, the parts at the end. That also keeps the rounding error of a sum
// over hundreds of thousands of pixels small.
#pragma once

#include "device_product.hpp"
#include "winograd.hpp"

#include <vggen/net/signature.hpp>

#include <Halide.h>

namespace vggen {

/// How the reduction is cut. Tiles that would overhang are moved inwards: their common elements are computed
/// twice.
struct conv_weights_tiling {
  int panel = 1;    ///< outputs in a tile
  int channels = 1; ///< inputs in a tile
  int rows = 1;     ///< rows in a block; they divide the height
  int images = 1;   ///< images in a block; they divide the batch, and are 1 unless a block has all rows
  int parts = 1;    ///< they divide the number of blocks
  /// By Winograd: outputs of a tile in each direction (0: not by it), and tiles in a block, which divide
  /// their number. Rows and images then do not matter.
  int winograd = 0;
  int tiles = 1;
  device_tiling device{}; ///< on a device, of these alone
};

struct conv_weights_stages {
  bool on_device = false;
  /// On a device: rows are outputs, columns the window's taps with their inputs (and ones, for the bias), the
  /// sum is over all pixels; and its parts, another output.
  device_product device;
  Halide::Func parts;           // [k, column, part]
  Halide::Func output_gradient; // [k, x, y, n]
  Halide::Func input;           // [c, x, y, n]
  /// A block's sum for one tile: [k, c, kx, ky, tile of channels, panel, block]; k and c count inside the
  /// tile.
  Halide::Func block_sums;
  Halide::RDom pixels; // [x, y, n] of a block; by Winograd its tiles
  /// [k, c, kx, ky, tile of channels, panel, part]
  Halide::Func part_sums;
  Halide::RDom blocks;          // of a part
  Halide::Func weight_gradient; // [kx, ky, c, k]
  /// By Winograd: both operands transformed, [channel, t, i, j]; sums for the points (i, j) of a tile in
  /// place of (kx, ky); and these transformed back: [k, c, kx, j] and [k, c, kx, ky].
  tile_transform transformed_gradient, transformed_input;
  Halide::Var channel{"channel"}, t{"t"};
  Halide::Func window_rows, window;
  Halide::Func bias_block_sums; // [k, block]
  Halide::RDom bias_pixels;     // of a block
  Halide::RDom bias_blocks;     // of a part
  Halide::Func bias_part_sums;  // [k, part]
  Halide::Func bias_gradient;   // [k]
  Halide::Var k{"k"}, c{"c"}, kx{"kx"}, ky{"ky"}, tile{"tile"}, panel{"panel"}, block{"block"}, part{"part"};
};

/// Columns of the product on a device: the window's taps with their inputs, and one of ones.
inline int conv_weights_columns(const signature &kernel) {
  return kernel.channels * kernel.window_width() * kernel.window_height() + 1;
}

/// The algorithm. `stages` holds output_gradient, input, weight_gradient and bias_gradient; the rest is made
/// here.
void define_conv_weights(conv_weights_stages &stages, const signature &kernel,
                         const conv_weights_tiling &tiling);

} // namespace vggen
