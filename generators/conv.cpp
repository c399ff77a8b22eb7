#include "conv.hpp"
#include "count_up.hpp"
#include "image_output.hpp"
#include "relu.hpp"
#include "winograd.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <vector>

using Halide::Expr;
using Halide::max;
using Halide::min;
using Halide::RDom;
using Halide::Internal::simplify;

namespace vggen {

namespace {

// sums + bias, through the epilogue; `sum` gives the sum at (dx, dy) of the pool's window.
template <class Sum>
Expr epilogue(const conv_stages &s, const signature &kernel, const std::vector<Expr> &at, Sum sum) {
  Expr value = kernel.pool ? max(max(sum(0, 0), sum(1, 0)), max(sum(0, 1), sum(1, 1))) : sum(0, 0);
  if (kernel.bias) value += s.bias(at[0]);
  if (kernel.relu) value = s.on_device ? relu_on_device(value) : relu(value);
  return s.mask.defined() ? Halide::select(s.mask(at) > 0.f, value, 0.f) : value;
}

// Sums over a part of the input channels, and their total in memory.
template <class Product>
void define_parts(conv_stages &s, const std::vector<Halide::Var> &sum_at, int in_part, int parts,
                  Product product) {
  const Halide::Var part("part");
  std::vector<Halide::Var> at = sum_at;
  at.push_back(part);
  s.sums(at) = 0.f;
  s.sums(at) += product(part * in_part + s.window.x);
  const RDom all_parts(0, parts, "parts");
  s.part = all_parts.x;
  std::vector<Expr> of_part(sum_at.begin(), sum_at.end());
  of_part.emplace_back(all_parts.x);
  s.totals = Halide::Func("totals");
  s.totals(sum_at) = 0.f;
  s.totals(sum_at) += s.sums(of_part);
}

void define_tiled(conv_stages &s, const signature &kernel, const conv_tiling &tiling) {
  const int outputs = kernel.outputs;
  const Expr &width = s.extents.output_width, &height = s.extents.output_height;
  const int panel = std::min(tiling.panel, outputs), pixels = std::min(tiling.pixels, kernel.output_width());
  const int rows = tiling.rows, images = tiling.images;
  if ((kernel.dynamic ? rows != 1 : kernel.output_height() % rows != 0) || kernel.batch % images != 0)
    throw std::invalid_argument("a tile's rows must divide the output's height, and its images the batch");
  if (tiling.parts > 1 &&
      (kernel.channels % tiling.parts != 0 || outputs % panel != 0 || !tiling.panels_outside))
    throw std::invalid_argument(
        "parts must divide the input channels; they need whole panels, as the outermost loop");
  const int step = kernel.pool ? 2 : 1, pad = kernel.op == operation::conv3x3 ? 1 : 0;
  const int panels = count_up(outputs, panel);
  const auto first_channel = [&](Expr p) { return min(p * panel, outputs - panel); };
  const auto pixel = [&](const Expr &t, const Expr &x) {
    return kernel.dynamic ? min(t * pixels + x, width - 1) : min(t * pixels, width - pixels) + x;
  };

  const auto &w = s.window;
  const std::vector<Halide::Var> sum_at{s.k, s.dx, s.dy, s.x, s.row, s.image, s.panel, s.tile, s.y, s.n};
  const auto product = [&](const Expr &channel) {
    return s.input(channel, pixel(s.tile, s.x) * step + s.dx + w.y - pad,
                   (s.y * rows + s.row) * step + s.dy + w.z - pad, s.n * images + s.image) *
           s.weights(s.k, channel, w.y, w.z, s.panel);
  };
  if (tiling.parts <= 1) {
    s.sums(sum_at) = 0.f;
    s.sums(sum_at) += product(w.x);
  } else {
    define_parts(s, sum_at, kernel.channels / tiling.parts, tiling.parts, product);
  }
  const Halide::Func &sums = tiling.parts > 1 ? s.totals : s.sums;

  s.tile_stage = define_halo(s.output, kernel, s.extents, s.k, s.x, s.y, s.n);
  const Halide::Range all_panels{0, panels}, all_rows{0, simplify(height / rows)},
      all_images{0, kernel.batch / images};
  Halide::Region region{
      {0, panel}, {0, pixels}, {0, rows}, {0, images}, {0, simplify((width + pixels - 1) / pixels)}};
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
  if (kernel.dynamic) s.tiles.where(s.tile_x * pixels + t[1] < width);
  const std::vector<Expr> at{first_channel(s.tile_panel) + t[0], pixel(s.tile_x, t[1]),
                             s.tile_row * rows + t[2], s.tile_image * images + t[3]};
  s.output(at) = epilogue(s, kernel, at, [&](int dx, int dy) {
    return sums(t[0], dx, dy, t[1], t[2], t[3], s.tile_panel, s.tile_x, s.tile_row, s.tile_image);
  });
}

// The filter's transform, where the weights are plain.
void define_filter(conv_stages &s, const minimal_filtering &f) {
  winograd_stages &w = s.winograd;
  const Halide::Var ci("ci");
  w.filter_rows = Halide::Func("filter_rows");
  w.filter = Halide::Func("filter");
  w.filter_rows(s.k, ci, w.i, s.y, s.panel) =
      transform(f.filter, w.i, [&](int q) { return s.weights(s.k, ci, q, s.y, s.panel); });
  w.filter(s.k, ci, w.i, w.j, s.panel) =
      transform(f.filter, w.j, [&](int q) { return w.filter_rows(s.k, ci, w.i, q, s.panel); });
}

// For each point the product of the matrices of tiles and of weights.
void define_products(conv_stages &s, const signature &kernel, const minimal_filtering &f,
                     const winograd_tiling &tiling) {
  winograd_stages &w = s.winograd;
  const int parts = tiling.parts, in_part = kernel.channels / std::max(parts, 1);
  if (in_part * std::max(parts, 1) != kernel.channels || in_part % tiling.channels != 0)
    throw std::invalid_argument("the parts must divide the input channels, and rows of channels a part");
  if (parts > 0) define_filter(s, f);
  const Halide::Func &weights = parts > 0 ? w.filter : s.weights;
  std::vector<Halide::Var> at{s.k, w.u, w.group, w.i, w.j, s.panel};
  std::vector<Expr> of_part(at.begin(), at.end());
  const Halide::Var part("part");
  s.window = RDom({{0, tiling.channels}, {0, in_part / tiling.channels}}, "channels");
  const Expr row = part * (in_part / tiling.channels) + s.window.y;
  at.push_back(part);
  w.sums(at) = 0.f;
  w.sums(at) += weights(s.k, row * tiling.channels + s.window.x, w.i, w.j, s.panel) *
                w.input.transformed(s.window.x, w.u, row, w.group, w.i, w.j);
  at.pop_back();
  if (parts <= 1) {
    of_part.emplace_back(0);
    w.products(at) = w.sums(of_part);
    return;
  }
  const RDom all_parts(0, parts, "parts");
  w.part = all_parts.x;
  of_part.emplace_back(all_parts.x);
  w.products(at) = 0.f;
  w.products(at) += w.sums(of_part);
}

void define_winograd(conv_stages &s, const signature &kernel, const conv_tiling &tiling) {
  winograd_stages &w = s.winograd;
  const winograd_tiling &by = tiling.winograd;
  const int size = by.outputs;
  if (kernel.op != operation::conv3x3) throw std::invalid_argument("Winograd is for 3x3 convolutions");
  if (kernel.pool && size % 2 != 0)
    throw std::invalid_argument("a pool needs Winograd tiles of an even extent");
  const minimal_filtering &normed = winograd_transforms(size);
  const minimal_filtering f = by.parts > 0 ? with_plain_filter(normed) : normed;
  const winograd_tiles grid(kernel, s.extents, size);
  const int most_groups = count_up(winograd_tile_count(kernel, size), by.group);
  const int in_block = std::min(count_up(by.block, by.group), most_groups); // groups
  const Expr groups = simplify((grid.count() + by.group - 1) / by.group);
  const Expr blocks = simplify((groups + in_block - 1) / in_block);
  w.row = by.channels;
  w.groups = in_block;
  const int panel = std::min(tiling.panel, kernel.outputs), panels = count_up(kernel.outputs, panel);
  const int at_once = by.panels_at_once;
  if (panels % at_once != 0) throw std::invalid_argument("the panels at once must divide all panels");

  w.input.define("input", f.input, false, {w.channel, w.u, w.channels, w.group}, [&](Expr x, Expr y) {
    return grid.value(s.input, w.channels * by.channels + w.channel, w.group * by.group + w.u, x - 1, y - 1);
  });
  w.sums = Halide::Func("sums");
  w.products = Halide::Func("products");
  w.columns = Halide::Func("columns");

  define_products(s, kernel, f, by);

  const Halide::Var dx("dx");
  w.columns(s.k, dx, w.u, w.group, w.j, s.panel) =
      transform(f.output, dx, [&](int q) { return w.products(s.k, w.u, w.group, q, w.j, s.panel); });

  const int step = kernel.pool ? 2 : 1, out = size / step;
  s.tile_stage = define_halo(s.output, kernel, s.extents, s.k, s.x, s.y, s.n);
  const int lanes = by.lanes;
  // an image may be smaller than a tile
  Halide::Region region{{0, lanes},
                        {0, std::min(out, kernel.output_width())},
                        {0, std::min(out, kernel.output_height())},
                        {0, panel / lanes},
                        {0, by.group},
                        {0, kernel.dynamic ? min(in_block, groups) : Expr(in_block)},
                        {0, at_once}};
  const Halide::Range all_turns{0, panels / at_once}, all_blocks{0, blocks};
  region.push_back(tiling.panels_outside ? all_blocks : all_turns);
  region.push_back(tiling.panels_outside ? all_turns : all_blocks);
  s.tiles = RDom(region, "tiles");
  const auto &r = s.tiles;
  w.lane = r[0];
  w.dx = r[1];
  w.dy = r[2];
  w.vector = r[3];
  w.tile = r[4];
  w.tile_group = r[5];
  w.panel_in_turn = r[6];
  w.block = r[tiling.panels_outside ? 7 : 8];
  w.turn = r[tiling.panels_outside ? 8 : 7];
  const Expr tile_panel = w.turn * at_once + w.panel_in_turn;
  const Expr k = w.vector * lanes + w.lane; // in the panel
  s.whole_panels = kernel.outputs % panel == 0;
  // the last block is moved inwards
  const Expr last_block = kernel.dynamic ? max(groups - in_block, 0) : groups - in_block;
  const Expr group = min(w.block * in_block, last_block) + w.tile_group;
  const Expr t = group * by.group + w.tile;
  const Expr x = t % grid.across * out + r[1], y = t / grid.across % grid.down * out + r[2];
  const Expr last_x = simplify(s.extents.output_width - 1), last_y = simplify(s.extents.output_height - 1);
  const auto hangs_over = [&](int sums, int outputs) {
    const int tiles = count_up(sums, size);
    return kernel.dynamic || (tiles > 1 && tiles * out > outputs);
  };
  if (hangs_over(kernel.sum_width(), kernel.output_width())) s.tiles.where(x <= last_x);
  if (hangs_over(kernel.sum_height(), kernel.output_height())) s.tiles.where(y <= last_y);
  const std::vector<Expr> place{min(tile_panel * panel, kernel.outputs - panel) + k, min(x, last_x),
                                min(y, last_y), grid.image(t)};
  const auto sum = [&](int px, int py) {
    return transform(f.output, r[2] * step + py,
                     [&](int q) { return w.columns(k, r[1] * step + px, w.tile, group, q, tile_panel); });
  };
  s.output(place) = epilogue(s, kernel, place, sum);
}

void define_pure(conv_stages &s, const signature &kernel) {
  if (kernel.dynamic) throw std::invalid_argument("autoschedulers are for extents that are not dynamic");
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

// What a step of the sum multiplies, its steps being counted through the input channels of one tap after the
// other's.
struct convolution_steps {
  int channels, width, pad, steps;
  std::int64_t sum;
  bool whole; ///< a chunk is of one tap

  convolution_steps(const signature &kernel, int steps)
      : channels(kernel.channels), width(kernel.window_width()), pad(kernel.op == operation::conv3x3 ? 1 : 0),
        steps(steps), sum(std::int64_t{kernel.channels} * kernel.window_width() * kernel.window_height()),
        whole(kernel.channels % steps == 0) {}

  struct place {
    Expr channel, x, y;
    Expr counts; ///< undefined: always
  };
  [[nodiscard]] place at(const Expr &chunk, const Expr &step, int chunks) const {
    const int last = static_cast<int>(sum) - 1;
    const bool exact = std::int64_t{chunks} * steps == sum;
    if (whole) {
      const int in_tap = channels / steps;
      const Expr of = exact ? chunk : min(chunk, static_cast<int>(sum / steps) - 1);
      const Expr tap = of / in_tap;
      return {of % in_tap * steps + step, tap % width, tap / width,
              exact ? Expr() : chunk < static_cast<int>(sum / steps)};
    }
    const Expr flat = chunk * steps + step, of = exact ? flat : min(flat, last);
    const Expr tap = of / channels;
    return {of % channels, tap % width, tap / width, exact ? Expr() : flat <= last};
  }
};

void define_on_device(conv_stages &s, const signature &kernel, const conv_tiling &tiling) {
  const Expr &width = s.extents.output_width, &height = s.extents.output_height;
  const int group = kernel.pool ? 4 : 1, step = kernel.pool ? 2 : 1;
  device_product &p = s.device;
  p.by = tiling.device;
  p.row_count = kernel.outputs;
  p.group = tiling.device.parts > 1 ? 1 : group;
  p.column_count = simplify(width * height * (kernel.batch * group));
  if (p.by.parts > 1 && kernel.dynamic)
    throw std::invalid_argument("parts are for extents that are not dynamic");
  const convolution_steps steps(kernel, p.by.steps);
  const int chunks = p.by.chunks_of(steps.sum), all_chunks = chunks * p.by.parts;
  p.rows_along_sum = false;
  p.columns_along_sum = steps.whole;
  p.row_vector = kernel.outputs % 4 == 0 && p.by.tile_rows() % 4 == 0 ? 4 : 1;
  p.column_vector = steps.whole && p.by.steps % 4 == 0 ? 4 : 1;

  const auto place = [&](const Expr &pixel) { // of an output: x, y, n
    return std::vector<Expr>{pixel % width, pixel / width % height, pixel / (width * height)};
  };
  const auto rows = [&](const Expr &k, const Expr &chunk, const Expr &at) {
    const auto q = steps.at(chunk, at, all_chunks);
    return counted(q.counts, s.weights(k, q.channel, q.x, q.y, 0));
  };
  const auto columns = [&](const Expr &column, const Expr &chunk, const Expr &at) {
    const auto q = steps.at(chunk, at, all_chunks);
    const std::vector<Expr> to = place(group == 1 ? column : column / group);
    const Expr dx = group == 1 ? Expr(0) : column % 2, dy = group == 1 ? Expr(0) : column / 2 % 2;
    return counted(q.counts, s.input(q.channel, to[0] * step + dx + q.x - steps.pad,
                                     to[1] * step + dy + q.y - steps.pad, min(to[2], kernel.batch - 1)));
  };
  if (p.by.parts == 1) {
    s.output(s.k, s.x, s.y, s.n) = Halide::undef<float>();
    s.frame_stage = -1;
    if (kernel.output_halo) {
      s.frame = define_frame(s.output, s.extents, s.k, s.n);
      s.frame_stage = 0;
    }
    p.output = s.output;
    p.stage = s.frame_stage + 1;
    p.define(chunks, rows, columns, [&](const Expr &k, const Expr &pixel, const Expr &, const auto &sum) {
      const std::vector<Expr> to = place(pixel);
      const std::vector<Expr> at{k, to[0], to[1], min(to[2], kernel.batch - 1)};
      s.output(at) = epilogue(s, kernel, at, [&](int dx, int dy) { return sum(dx + 2 * dy); });
    });
    return;
  }
  s.partial = Halide::Func("partial");
  const Halide::Var column("column"), part("part");
  s.partial(s.k, column, part) = Halide::undef<float>();
  p.output = s.partial;
  p.stage = 0;
  p.define(chunks, rows, columns, [&](const Expr &k, const Expr &at, const Expr &of, const auto &sum) {
    s.partial(k, at, of) = sum(0);
  });
  image_output out;
  out.func = s.output;
  out.in_one = true;
  out.extents = s.extents;
  out.c = s.k, out.x = s.x, out.y = s.y, out.n = s.n;
  out.define(kernel, [&](const Expr &k, const Expr &x, const Expr &y, const Expr &n) {
    return epilogue(s, kernel, {k, x, y, n}, [&](int dx, int dy) {
      const Expr at = ((n * height + y) * width + x) * group + (dx + 2 * dy);
      const RDom all(0, p.by.parts, "parts");
      return Halide::sum(all, s.partial(k, at, all));
    });
  });
}

} // namespace

void define_convolution(conv_stages &stages, const signature &kernel, const conv_tiling &tiling) {
  if (tiling.winograd.outputs > 0) {
    define_winograd(stages, kernel, tiling);
    return;
  }
  if (stages.on_device) {
    define_on_device(stages, kernel, tiling);
    return;
  }
  stages.sums = Halide::Func("sums");
  stages.window = RDom(0, kernel.channels / std::max(tiling.parts, 1), 0, kernel.window_width(), 0,
                       kernel.window_height(), "window");
  if (tiling.pixels > 0)
    define_tiled(stages, kernel, tiling);
  else
    define_pure(stages, kernel);
}

} // namespace vggen
