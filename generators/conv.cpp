#include "conv.hpp"
#include "image_output.hpp"
#include "relu.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <vector>

using Halide::Expr;
using Halide::max;
using Halide::min;
using Halide::RDom;

namespace vggen {

namespace {

// sums + bias, through the epilogue; `sum` gives the sum at (dx, dy) of the pool's window.
template <class Sum>
Expr epilogue(const conv_stages &s, const signature &kernel, const std::vector<Expr> &at, Sum sum) {
  Expr value = kernel.pool ? max(max(sum(0, 0), sum(1, 0)), max(sum(0, 1), sum(1, 1))) : sum(0, 0);
  if (kernel.bias) value += s.bias(at[0]);
  if (kernel.relu) value = relu(value);
  return s.mask.defined() ? Halide::select(s.mask(at) > 0.f, value, 0.f) : value;
}

void define_tiled(conv_stages &s, const signature &kernel, const conv_tiling &tiling) {
  const int outputs = kernel.outputs, width = kernel.output_width(), height = kernel.output_height();
  const int panel = std::min(tiling.panel, outputs), pixels = std::min(tiling.pixels, width);
  const int rows = tiling.rows, images = tiling.images;
  if (height % rows != 0 || kernel.batch % images != 0)
    throw std::invalid_argument("a tile's rows must divide the output's height, and its images the batch");
  const int step = kernel.pool ? 2 : 1, pad = kernel.op == operation::conv3x3 ? 1 : 0;
  const int panels = (outputs + panel - 1) / panel, tiles = (width + pixels - 1) / pixels;
  const auto first_channel = [&](Expr p) { return min(p * panel, outputs - panel); };
  const auto first_pixel = [&](Expr t) { return min(t * pixels, width - pixels); };

  const auto &w = s.window;
  const std::vector<Halide::Var> sum_at{s.k, s.dx, s.dy, s.x, s.row, s.image, s.panel, s.tile, s.y, s.n};
  s.sums(sum_at) = 0.f;
  s.sums(sum_at) += s.input(w.x, (first_pixel(s.tile) + s.x) * step + s.dx + w.y - pad,
                            (s.y * rows + s.row) * step + s.dy + w.z - pad, s.n * images + s.image) *
                    s.weights(s.k, w.x, w.y, w.z, s.panel);

  s.tile_stage = define_halo(s.output, kernel, s.k, s.x, s.y, s.n);
  const Halide::Range all_panels{0, panels}, all_rows{0, height / rows}, all_images{0, kernel.batch / images};
  Halide::Region region{{0, panel}, {0, pixels}, {0, rows}, {0, images}, {0, tiles}};
  for (const auto &range : tiling.panels_outside ? std::array{all_rows, all_images, all_panels}
                                                 : std::array{all_panels, all_rows, all_images})
    region.push_back(range);
  s.tiles = RDom(region, "tiles");
  const auto &t = s.tiles;
  const int after = tiling.panels_outside ? 5 : 6; // of the tiles of rows
  s.tile_x = t[4];
  s.tile_panel = t[tiling.panels_outside ? 7 : 5];
  s.tile_row = t[after];
  s.tile_image = t[after + 1];
  s.whole_panels = outputs % panel == 0;
  const std::vector<Expr> at{first_channel(s.tile_panel) + t[0], first_pixel(s.tile_x) + t[1],
                             s.tile_row * rows + t[2], s.tile_image * images + t[3]};
  s.output(at) = epilogue(s, kernel, at, [&](int dx, int dy) {
    return s.sums(t[0], dx, dy, t[1], t[2], t[3], s.tile_panel, s.tile_x, s.tile_row, s.tile_image);
  });
}

void define_pure(conv_stages &s, const signature &kernel) {
  const int step = kernel.pool ? 2 : 1, pad = kernel.op == operation::conv3x3 ? 1 : 0;
  const auto &w = s.window;
  s.sums(s.k, s.x, s.y, s.n) = 0.f;
  s.sums(s.k, s.x, s.y, s.n) +=
      s.input(w.x, s.x + w.y - pad, s.y + w.z - pad, s.n) * s.weights(s.k, w.x, w.y, w.z, 0);
  const auto value = [&](Expr x, Expr y) {
    return epilogue(s, kernel, {s.k, x, y, s.n},
                    [&](int dx, int dy) { return s.sums(s.k, x * step + dx, y * step + dy, s.n); });
  };
  if (!kernel.output_halo) {
    s.output(s.k, s.x, s.y, s.n) = value(s.x, s.y);
    return;
  }
  const int width = kernel.output_width(), height = kernel.output_height();
  const Expr inside = s.x >= 0 && s.x < width && s.y >= 0 && s.y < height;
  s.output(s.k, s.x, s.y, s.n) =
      Halide::select(inside, value(Halide::clamp(s.x, 0, width - 1), Halide::clamp(s.y, 0, height - 1)), 0.f);
}

} // namespace

void define_convolution(conv_stages &stages, const signature &kernel, const conv_tiling &tiling) {
  stages.sums = Halide::Func("sums");
  stages.window = RDom(0, kernel.channels, 0, kernel.window_width(), 0, kernel.window_height(), "window");
  if (tiling.pixels > 0)
    define_tiled(stages, kernel, tiling);
  else
    define_pure(stages, kernel);
}

} // namespace vggen
