#include "conv_weights.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

using Halide::Expr;
using Halide::min;
using Halide::RDom;
using Halide::Var;

namespace vggen {

namespace {

// How tiles of outputs and of channels lie.
struct weight_tiles {
  int panel, channels, outputs, inputs;

  weight_tiles(const signature &kernel, const conv_weights_tiling &tiling)
      : panel(std::min(tiling.panel, kernel.outputs)), channels(std::min(tiling.channels, kernel.channels)),
        outputs(kernel.outputs), inputs(kernel.channels) {}

  [[nodiscard]] Expr first_output(const Expr &p) const { return min(p * panel, outputs - panel); }
  [[nodiscard]] Expr first_channel(const Expr &t) const { return min(t * channels, inputs - channels); }

  // Where an output or a channel lies: its tile, and its place inside, so that its bounds are seen.
  struct place {
    Expr tile, inside;
  };
  [[nodiscard]] static place place_of(const Var &index, int size, int extent) {
    if (extent % size == 0) return {index / size, index % size};
    const Expr tile = min(index / size, (extent + size - 1) / size - 1);
    return {tile, Halide::clamp(index - min(tile * size, extent - size), 0, size - 1)};
  }
};

// part_sums and bias_part_sums from the blocks', and the bias's gradient.
void sum_parts(conv_weights_stages &s, int blocks, int bias_blocks, int parts) {
  if (blocks % parts != 0 || bias_blocks % parts != 0)
    throw std::invalid_argument("the parts must divide the number of blocks");
  s.blocks = RDom(0, blocks / parts, "blocks");
  const std::vector<Var> at_part{s.k, s.c, s.kx, s.ky, s.tile, s.panel, s.part};
  s.part_sums = Halide::Func("part_sums");
  s.part_sums(at_part) = 0.f;
  s.part_sums(at_part) +=
      s.block_sums(s.k, s.c, s.kx, s.ky, s.tile, s.panel, s.part * (blocks / parts) + s.blocks);
  s.bias_blocks = RDom(0, bias_blocks / parts, "bias_blocks");
  s.bias_part_sums = Halide::Func("bias_part_sums");
  s.bias_part_sums(s.k, s.part) = 0.f;
  s.bias_part_sums(s.k, s.part) += s.bias_block_sums(s.k, s.part * (bias_blocks / parts) + s.bias_blocks);
  Expr bias = 0.f;
  for (int part = 0; part < parts; ++part)
    bias += s.bias_part_sums(s.k, part);
  s.bias_gradient(s.k) = bias;
}

// An element's sum over all parts, at (x, y) of the window or of a tile's points.
Expr sum_of(const conv_weights_stages &s, const weight_tiles &tiles, int parts, const Expr &x,
            const Expr &y) {
  const auto k = weight_tiles::place_of(s.k, tiles.panel, tiles.outputs);
  const auto c = weight_tiles::place_of(s.c, tiles.channels, tiles.inputs);
  Expr sum = 0.f;
  for (int part = 0; part < parts; ++part)
    sum += s.part_sums(k.inside, c.inside, x, y, c.tile, k.tile, part);
  return sum;
}

void define_direct(conv_weights_stages &s, const signature &kernel, const conv_weights_tiling &tiling) {
  const weight_tiles tiles(kernel, tiling);
  const int height = kernel.sum_height(), width = kernel.sum_width(),
            pad = kernel.op == operation::conv3x3 ? 1 : 0;
  if (height % tiling.rows != 0 || kernel.batch % tiling.images != 0 ||
      (tiling.images > 1 && tiling.rows != height))
    throw std::invalid_argument(
        "a block's rows must divide the height and its images the batch; it has several "
        "images only if it has all rows");
  const int row_blocks = height / tiling.rows, blocks = row_blocks * (kernel.batch / tiling.images);
  const Expr first_row = s.block % row_blocks * tiling.rows,
             first_image = s.block / row_blocks * tiling.images;

  s.pixels = RDom({{0, width}, {0, tiling.rows}, {0, tiling.images}}, "pixels");
  const Expr x = s.pixels.x, y = first_row + s.pixels.y, n = first_image + s.pixels.z;
  const std::vector<Var> at_block{s.k, s.c, s.kx, s.ky, s.tile, s.panel, s.block};
  s.block_sums = Halide::Func("block_sums");
  s.block_sums(at_block) = 0.f;
  s.block_sums(at_block) += s.output_gradient(tiles.first_output(s.panel) + s.k, x, y, n) *
                            s.input(tiles.first_channel(s.tile) + s.c, x + s.kx - pad, y + s.ky - pad, n);
  s.bias_pixels = s.pixels;
  s.bias_block_sums = Halide::Func("bias_block_sums");
  s.bias_block_sums(s.k, s.block) = 0.f;
  s.bias_block_sums(s.k, s.block) += s.output_gradient(s.k, x, y, n);
  sum_parts(s, blocks, blocks, tiling.parts);
  s.weight_gradient(s.kx, s.ky, s.c, s.k) = sum_of(s, tiles, tiling.parts, s.kx, s.ky);
}

void define_winograd(conv_weights_stages &s, const signature &kernel, const conv_weights_tiling &tiling) {
  if (kernel.op != operation::conv3x3) throw std::invalid_argument("Winograd is for 3x3 convolutions");
  const weight_tiles tiles(kernel, tiling);
  const minimal_filtering &f = winograd_transforms(tiling.winograd);
  const winograd_tiles grid(kernel, extents_from(kernel, kernel.width, kernel.height), tiling.winograd);
  const int count = winograd_tile_count(kernel, tiling.winograd);
  if (count % tiling.tiles != 0) throw std::invalid_argument("a block's tiles must divide their number");
  const int blocks = count / tiling.tiles;

  // outputs that a tile has beyond the image have no gradient: the halo is zero
  s.transformed_gradient.define("gradient", f.output, true, {s.channel, s.t}, [&](Expr x, Expr y) {
    return grid.value(s.output_gradient, s.channel, s.t, x, y);
  });
  s.transformed_input.define("input", f.input, false, {s.channel, s.t}, [&](Expr x, Expr y) {
    return grid.value(s.input, s.channel, s.t, x - 1, y - 1);
  });
  s.pixels = RDom(0, tiling.tiles, "block_tiles");
  const Expr t = s.block * tiling.tiles + s.pixels;
  const std::vector<Var> at_block{s.k, s.c, s.kx, s.ky, s.tile, s.panel, s.block};
  s.block_sums = Halide::Func("block_sums");
  s.block_sums(at_block) = 0.f;
  s.block_sums(at_block) +=
      s.transformed_gradient.transformed(tiles.first_output(s.panel) + s.k, t, s.kx, s.ky) *
      s.transformed_input.transformed(tiles.first_channel(s.tile) + s.c, t, s.kx, s.ky);

  // the bias: row by row
  const int height = kernel.sum_height(), rows = height * kernel.batch;
  s.bias_pixels = RDom(0, kernel.sum_width(), "row");
  s.bias_block_sums = Halide::Func("bias_block_sums");
  s.bias_block_sums(s.k, s.block) = 0.f;
  s.bias_block_sums(s.k, s.block) +=
      s.output_gradient(s.k, s.bias_pixels, s.block % height, s.block / height);
  sum_parts(s, blocks, rows, tiling.parts);

  s.window_rows = Halide::Func("window_rows");
  s.window = Halide::Func("window");
  s.window_rows(s.k, s.c, s.kx, s.ky) =
      transform(f.filter, s.kx, [&](int q) { return sum_of(s, tiles, tiling.parts, q, s.ky); }, true);
  s.window(s.k, s.c, s.kx, s.ky) =
      transform(f.filter, s.ky, [&](int q) { return s.window_rows(s.k, s.c, s.kx, q); }, true);
  s.weight_gradient(s.kx, s.ky, s.c, s.k) = s.window(s.k, s.c, s.kx, s.ky);
}

void define_on_device(conv_weights_stages &s, const signature &kernel, const conv_weights_tiling &tiling) {
  const int height = kernel.sum_height(), width = kernel.sum_width(), channels = kernel.channels,
            window = kernel.window_width(), pad = kernel.op == operation::conv3x3 ? 1 : 0;
  const int columns = conv_weights_columns(kernel), pixels = kernel.batch * height * width;
  device_product &p = s.device;
  p.by = tiling.device;
  p.row_count = kernel.outputs;
  p.column_count = columns;
  p.row_vector = kernel.outputs % 4 == 0 && p.by.tile_rows() % 4 == 0 ? 4 : 1;
  const int chunks = p.by.chunks_of(pixels);
  const device_steps steps{pixels, p.by.steps, chunks * p.by.parts};
  const auto rows_at = [&](const Expr &k, const Expr &chunk, const Expr &step) {
    const auto at = steps.at(chunk, step);
    return counted(at.counts, s.output_gradient(k, at.index % width, at.index / width % height,
                                                at.index / (width * height)));
  };
  const auto columns_at = [&](const Expr &column, const Expr &chunk, const Expr &step) {
    const auto at = steps.at(chunk, step);
    const Expr of = min(column, columns - 2), tap = of / channels; // the last one is the bias's
    const Expr value = s.input(of % channels, at.index % width + tap % window - pad,
                               at.index / width % height + tap / window - pad, at.index / (width * height));
    return counted(at.counts, Halide::select(column == columns - 1, 1.f, value));
  };
  s.parts = Halide::Func("parts");
  const Var column("column");
  s.parts(s.k, column, s.part) = Halide::undef<float>();
  p.output = s.parts;
  p.define(chunks, rows_at, columns_at, [&](const Expr &k, const Expr &at, const Expr &of, const auto &sum) {
    s.parts(k, at, of) = sum(0);
  });
  const RDom all(0, p.by.parts, "all_parts");
  s.weight_gradient(s.kx, s.ky, s.c, s.k) =
      Halide::sum(all, s.parts(s.k, (s.ky * window + s.kx) * channels + s.c, all));
  s.bias_gradient(s.k) = Halide::sum(all, s.parts(s.k, columns - 1, all));
}

} // namespace

void define_conv_weights(conv_weights_stages &s, const signature &kernel, const conv_weights_tiling &tiling) {
  if (s.on_device)
    define_on_device(s, kernel, tiling);
  else if (tiling.winograd > 0)
    define_winograd(s, kernel, tiling);
  else
    define_direct(s, kernel, tiling);
}

} // namespace vggen
