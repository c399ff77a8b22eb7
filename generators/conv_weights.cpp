#include "conv_weights.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

using Halide::Expr;
using Halide::min;
using Halide::RDom;
using Halide::Var;

namespace vggen {

void define_conv_weights(conv_weights_stages &s, const signature &kernel, const conv_weights_tiling &tiling) {
  const int height = kernel.sum_height(), width = kernel.sum_width(),
            pad = kernel.op == operation::conv3x3 ? 1 : 0;
  const int panel = std::min(tiling.panel, kernel.outputs),
            channels = std::min(tiling.channels, kernel.channels);
  if (height % tiling.rows != 0 || kernel.batch % tiling.images != 0 ||
      (tiling.images > 1 && tiling.rows != height))
    throw std::invalid_argument(
        "a block's rows must divide the height and its images the batch; it has several "
        "images only if it has all rows");
  const int row_blocks = height / tiling.rows, blocks = row_blocks * (kernel.batch / tiling.images);
  if (blocks % tiling.parts != 0) throw std::invalid_argument("the parts must divide the number of blocks");
  const auto first_output = [&](Expr p) { return min(p * panel, kernel.outputs - panel); };
  const auto first_channel = [&](Expr t) { return min(t * channels, kernel.channels - channels); };
  const Expr first_row = s.block % row_blocks * tiling.rows,
             first_image = s.block / row_blocks * tiling.images;

  s.pixels = RDom({{0, width}, {0, tiling.rows}, {0, tiling.images}}, "pixels");
  const Expr x = s.pixels.x, y = first_row + s.pixels.y, n = first_image + s.pixels.z;
  const std::vector<Var> at_block{s.k, s.c, s.kx, s.ky, s.tile, s.panel, s.block};
  s.block_sums = Halide::Func("block_sums");
  s.block_sums(at_block) = 0.f;
  s.block_sums(at_block) += s.output_gradient(first_output(s.panel) + s.k, x, y, n) *
                            s.input(first_channel(s.tile) + s.c, x + s.kx - pad, y + s.ky - pad, n);
  s.bias_block_sums = Halide::Func("bias_block_sums");
  s.bias_block_sums(s.k, s.block) = 0.f;
  s.bias_block_sums(s.k, s.block) += s.output_gradient(s.k, x, y, n);

  const int blocks_in_part = blocks / tiling.parts;
  s.blocks = RDom(0, blocks_in_part, "blocks");
  const Expr block = s.part * blocks_in_part + s.blocks;
  const std::vector<Var> at_part{s.k, s.c, s.kx, s.ky, s.tile, s.panel, s.part};
  s.part_sums = Halide::Func("part_sums");
  s.part_sums(at_part) = 0.f;
  s.part_sums(at_part) += s.block_sums(s.k, s.c, s.kx, s.ky, s.tile, s.panel, block);
  s.bias_part_sums = Halide::Func("bias_part_sums");
  s.bias_part_sums(s.k, s.part) = 0.f;
  s.bias_part_sums(s.k, s.part) += s.bias_block_sums(s.k, block);

  // where an output or a channel lies: its tile, and its place inside, so that its bounds are seen
  struct place {
    Expr tile, inside;
  };
  const auto place_of = [](const Var &index, int size, int extent) -> place {
    if (extent % size == 0) return {index / size, index % size};
    const Expr tile = min(index / size, (extent + size - 1) / size - 1);
    return {tile, Halide::clamp(index - min(tile * size, extent - size), 0, size - 1)};
  };
  const place k = place_of(s.k, panel, kernel.outputs), c = place_of(s.c, channels, kernel.channels);
  Expr weight = 0.f, bias = 0.f;
  for (int part = 0; part < tiling.parts; ++part) {
    weight += s.part_sums(k.inside, c.inside, s.kx, s.ky, c.tile, k.tile, part);
    bias += s.bias_part_sums(s.k, part);
  }
  s.weight_gradient(s.kx, s.ky, s.c, s.k) = weight;
  s.bias_gradient(s.k) = bias;
}

} // namespace vggen
