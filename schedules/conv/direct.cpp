// Direct convolution: a tile of sums stays in vector registers while the window and all input channels pass
// by.
//
// With `parts` all tiles of a panel pass by for a part of the input channels before the next one's weights
// are read: where the weights of a panel are more than the cache keeps.
//
// For each step of the reduction one weight vector per `panel_vectors` is loaded and multiplied with one
// broadcast input per pixel, so a tile of 28 registers does 28 multiply-adds on at most 29 loads.
#include "generators/conv.hpp"
#include "generators/count_up.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"

#include <algorithm>
#include <limits>

using Halide::Var;

namespace vggen {

namespace {

// Output channels in one vector. Fewer than a vector's lanes: all of them.
int vector_width(const signature &kernel, const machine &m) { return std::min(kernel.outputs, m.lanes); }

weight_layout layout_of(const schedule_request &request) {
  const signature kernel = conv_of(request.kernel);
  const int width = vector_width(kernel, machine_of(request.target));
  return {.panel = width * std::min(request["panel_vectors"], kernel.outputs / width)};
}

// Tiles of so many pixels in a row; of one whose width is dynamic, for as many pixels, on average over widths
// from half of the largest on.
double tiles_of_a_row(const signature &kernel, int pixels) {
  const int most = kernel.output_width(), least = kernel.dynamic ? (most + 1) / 2 : most;
  double tiles = 0;
  for (int width = least; width <= most; ++width)
    tiles += double{1} * count_up(width, pixels) * most / width;
  return tiles / (most - least + 1);
}

// Cycles for one row of outputs, one vector of channels and one step of the reduction: two loads are issued
// in a cycle, enough sums must be under way to hide a multiply-add's four cycles, and a tile that hangs over
// the row's end, or a panel over the last channel, does work twice. Infinity: the tile does not fit into the
// registers.
double row_cost(const signature &kernel, const machine &m, int vectors, int pixels, int rows, int images) {
  const int sums_per_pixel = kernel.pool ? 4 : 1;
  const int area = pixels * rows * images * sums_per_pixel, sums = vectors * area;
  const int others = vectors + (m.folds_broadcasts ? 1 : 2);
  if (sums + others > m.registers && area > sums_per_pixel) return std::numeric_limits<double>::infinity();
  const int loads = vectors + area;
  const double f = m.fused_per_cycle;
  const double cycles = std::max({sums / f, loads / 2.0, 5.0}) + loads / 100.0;
  const double tiles = tiles_of_a_row(kernel, pixels);
  const int width = vector_width(kernel, m), outputs = count_up(kernel.outputs, width);
  return tiles * cycles * count_up(outputs, vectors) / (double{1} * outputs * rows * images);
}

// Parts of the input channels, so that a panel's weights of one stay in the cache while all tiles pass by:
// where they are many for a small image, as in a fully connected layer that has become a convolution.
int parts_for(const signature &kernel, const machine &m, int panel, bool panels_outside) {
  if (kernel.op == operation::conv3x3 || !panels_outside || kernel.outputs % panel != 0) return 1;
  const double bytes = 4.0 * panel * kernel.window_width() * kernel.window_height();
  for (int parts = 1; parts < kernel.channels; ++parts)
    if (kernel.channels % parts == 0 && bytes * kernel.channels / parts <= m.kept_bytes / 2) return parts;
  return kernel.channels;
}

// The tile that does the most multiply-adds per cycle; of tiles that are equally good the one with fewer
// loads. Where a row is short, a tile takes whole rows, and where an image is small, whole images.
schedule_parameters defaults(const schedule_request &request) {
  const signature kernel = conv_of(request.kernel);
  const machine m = machine_of(request.target);
  const int width = kernel.output_width(), height = kernel.output_height();
  const int most_vectors = std::max(1, kernel.outputs / vector_width(kernel, m));
  schedule_parameters best;
  double best_cost = 1e30;
  const auto try_tile = [&](int vectors, int pixels, int rows, int images) {
    const double cost = row_cost(kernel, m, vectors, pixels, rows, images);
    if (cost < best_cost * 0.999)
      best_cost = cost,
      best = {{"panel_vectors", vectors}, {"pixels", pixels}, {"rows", rows}, {"images", images}};
  };
  for (int vectors = 1; vectors <= std::min(4, most_vectors); ++vectors)
    for (int pixels = 1; pixels <= width; ++pixels) {
      try_tile(vectors, pixels, 1, 1);
      if (pixels < width || kernel.dynamic) continue; // of which a tile is one row
      for (int rows = 2; rows <= height; ++rows)
        if (height % rows == 0) try_tile(vectors, pixels, rows, 1);
      for (int images = 2; images <= kernel.batch && images <= m.registers; ++images)
        if (kernel.batch % images == 0) try_tile(vectors, pixels, height, images);
    }
  // the smaller of weights and image is what stays in the cache while the other one passes
  const std::int64_t weights =
      std::int64_t{kernel.outputs} * kernel.channels * kernel.window_width() * kernel.window_height();
  const int panel = vector_width(kernel, m) * best["panel_vectors"];
  best["panels_outside"] =
      weights > std::int64_t{kernel.channels} * kernel.width * kernel.height && kernel.outputs % panel == 0;
  best["parts"] = parts_for(kernel, m, panel, request.value_or("panels_outside", best["panels_outside"]));
  return best;
}

double cost(const schedule_request &request) {
  const signature kernel = conv_of(request.kernel);
  const machine m = machine_of(request.target);
  const int width = vector_width(kernel, m);
  const int vectors = std::min(request["panel_vectors"], std::max(1, kernel.outputs / width));
  const int vectors_of_outputs = count_up(kernel.outputs, width);
  const double rows = double{1} * kernel.output_height() * kernel.batch;
  const double steps = double{1} * kernel.channels * kernel.window_width() * kernel.window_height();
  return row_cost(kernel, m, vectors, request["pixels"], request["rows"], request["images"]) * rows * steps *
         vectors_of_outputs;
}

// A whole tile in vector registers; `loops` go around it, the innermost first.
template <class... Loops>
void compute_in_registers(const conv_stages &s, Halide::Stage stage, int width, const Loops &...loops) {
  const Var vector{"vector"}, lane{"lane"};
  stage.split(s.k, vector, lane, width)
      .reorder(lane, vector, s.dx, s.dy, s.x, s.row, s.image, loops...)
      .vectorize(lane)
      .unroll(vector)
      .unroll(s.dx)
      .unroll(s.dy)
      .unroll(s.x)
      .unroll(s.row)
      .unroll(s.image);
}

// All tiles of a panel in memory, part after part of the input channels.
void schedule_totals(conv_stages &s, const signature &kernel, const schedule_request &request, int width) {
  s.totals.compute_at(s.output, s.tile_panel).store_in(Halide::MemoryType::Heap).vectorize(s.k, width);
  compute_in_registers(s, s.totals.update(), width, s.tile, s.y, s.n, s.part);
  if (kernel.dynamic) {
    const int pixels = std::min(request["pixels"], kernel.output_width());
    s.totals.bound_storage(s.tile, count_up(kernel.output_width(), pixels))
        .bound_storage(s.y, kernel.output_height());
  }
  s.sums.compute_at(s.totals, s.tile);
}

void apply(conv_stages &s, const schedule_request &request) {
  const signature kernel = conv_of(request.kernel);
  const int width = vector_width(kernel, machine_of(request.target));

  auto tiles = s.output.update(s.tile_stage);
  const auto &t = s.tiles;
  Halide::RVar tile_vector{"tile_vector"}, tile_lane{"tile_lane"}, task{"task"};
  tiles.allow_race_conditions(); // tiles of one row overlap at its end, where both write the same
  tiles.split(t[0], tile_vector, tile_lane, width)
      .vectorize(tile_lane)
      .unroll(tile_vector)
      .unroll(t[1])
      .unroll(t[2])
      .unroll(t[3]);
  if (request["panels_outside"] != 0) {
    tiles.reorder(tile_lane, tile_vector, t[1], t[2], t[3], s.tile_x, s.tile_row, s.tile_image, s.tile_panel);
    // panels that overlap write the same values, but not from two threads
    if (s.totals.defined())
      tiles.parallel(s.tile_panel); // whose totals are over all images
    else if (s.whole_panels)
      tiles.fuse(s.tile_image, s.tile_panel, task).parallel(task);
    else
      tiles.parallel(s.tile_image);
  } else {
    tiles.reorder(tile_lane, tile_vector, t[1], t[2], t[3], s.tile_x, s.tile_panel, s.tile_row, s.tile_image);
    if (kernel.dynamic) // of a loop fused by a dynamic extent nothing is known to be a single row
      tiles.parallel(s.tile_row);
    else
      tiles.fuse(s.tile_row, s.tile_image, task).parallel(task);
  }

  if (s.totals.defined())
    schedule_totals(s, kernel, request, width);
  else
    s.sums.compute_at(s.output, s.tile_x);
  s.sums.store_in(Halide::MemoryType::Register);
  const auto &w = s.window;
  compute_in_registers(s, Halide::Stage(s.sums), width);
  compute_in_registers(s, s.sums.update(), width, w.x, w.y, w.z);
  if (kernel.channels <= 4) s.sums.update().unroll(w.x);

  for (int stage = 0; stage < s.tile_stage; ++stage)
    s.output.update(stage).vectorize(s.k, width, Halide::TailStrategy::GuardWithIf);
}

const register_schedule<conv_stages> direct{{{.name = "direct",
                                              .is_default = true,
                                              .parameters = {{"panel_vectors", 1, 8},
                                                             {"pixels", 1, 64},
                                                             {"rows", 1, 64},
                                                             {"images", 1, 64},
                                                             {"parts", 1, 4096},
                                                             {"panels_outside", 0, 1}},
                                              .defaults = defaults,
                                              .layout = layout_of,
                                              .cost = cost,
                                              .error = measured_error(5e-6)},
                                             apply}};

} // namespace

} // namespace vggen
