#include "conv.hpp"
#include "image_output.hpp"

#include <algorithm>

using Halide::Expr;
using Halide::max;
using Halide::min;
using Halide::RDom;

namespace vggen {

namespace {

// sums + bias, through the epilogue; `sum` gives the sum at (dx, dy) of the pool's window.
template <class Sum> Expr epilogue(const signature &kernel, Expr bias, Sum sum) {
  Expr value = kernel.pool ? max(max(sum(0, 0), sum(1, 0)), max(sum(0, 1), sum(1, 1))) : sum(0, 0);
  if (kernel.bias) value += bias;
  return kernel.relu ? max(value, 0.f) : value;
}

void define_tiled(conv_stages &s, const signature &kernel, const conv_tiling &tiling) {
  const int outputs = kernel.outputs, width = kernel.output_width(), height = kernel.output_height();
  const int panel = std::min(tiling.panel, outputs), pixels = std::min(tiling.pixels, width);
  const int step = kernel.pool ? 2 : 1, pad = kernel.op == operation::conv3x3 ? 1 : 0;
  const int panels = (outputs + panel - 1) / panel, tiles = (width + pixels - 1) / pixels;
  const auto first_channel = [&](Expr p) { return min(p * panel, outputs - panel); };
  const auto first_pixel = [&](Expr t) { return min(t * pixels, width - pixels); };

  const auto &w = s.window;
  s.sums(s.k, s.dx, s.dy, s.x, s.panel, s.tile, s.y, s.n) = 0.f;
  s.sums(s.k, s.dx, s.dy, s.x, s.panel, s.tile, s.y, s.n) +=
      s.input(w.x, (first_pixel(s.tile) + s.x) * step + s.dx + w.y - pad, s.y * step + s.dy + w.z - pad,
              s.n) *
      s.weights(s.k, w.x, w.y, w.z, s.panel);

  s.tile_stage = define_halo(s.output, kernel, s.k, s.x, s.y, s.n);
  const int outer = tiling.panels_outside ? panels : height, inner = tiling.panels_outside ? height : panels;
  s.tiles = RDom({{0, panel}, {0, pixels}, {0, tiles}, {0, inner}, {0, outer}}, "tiles");
  const auto &t = s.tiles;
  s.tile_panel = tiling.panels_outside ? t[4] : t[3];
  s.tile_row = tiling.panels_outside ? t[3] : t[4];
  s.whole_panels = outputs % panel == 0;
  const Expr k = first_channel(s.tile_panel) + t[0], x = first_pixel(t[2]) + t[1];
  s.output(k, x, s.tile_row, s.n) = epilogue(kernel, s.bias(k), [&](int dx, int dy) {
    return s.sums(t[0], dx, dy, t[1], s.tile_panel, t[2], s.tile_row, s.n);
  });
}

void define_pure(conv_stages &s, const signature &kernel) {
  const int step = kernel.pool ? 2 : 1, pad = kernel.op == operation::conv3x3 ? 1 : 0;
  const auto &w = s.window;
  s.sums(s.k, s.x, s.y, s.n) = 0.f;
  s.sums(s.k, s.x, s.y, s.n) +=
      s.input(w.x, s.x + w.y - pad, s.y + w.z - pad, s.n) * s.weights(s.k, w.x, w.y, w.z, 0);
  const auto value = [&](Expr x, Expr y) {
    return epilogue(kernel, s.bias(s.k),
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
