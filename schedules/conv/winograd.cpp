// Winograd's minimal filtering: input tiles are transformed, multiplied point by point with transformed
// weights (a matrix product for each point), and transformed back.
//
// A block of tiles passes through all three steps while it is in the core's cache. Where the weights are
// larger than the tiles (late layers), panels of weights are the outer loop instead, so that each is read
// once.
#include "generators/conv.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"

#include <algorithm>

using Halide::Var;

namespace vggen {

namespace {

weight_layout layout_of(const schedule_request &request) {
  const signature kernel = conv_of(request.kernel);
  const int lanes = std::min(kernel.outputs, machine_of(request.target).lanes);
  return {.panel = lanes * std::min(request["panel_vectors"], kernel.outputs / lanes),
          .winograd = request["tile"]};
}

int tiles_of(const signature &kernel, int size) {
  return (kernel.sum_width() + size - 1) / size * ((kernel.sum_height() + size - 1) / size) * kernel.batch;
}

schedule_parameters defaults(const schedule_request &request) {
  const signature kernel = conv_of(request.kernel);
  const machine m = machine_of(request.target);
  const int size = request.value_or("tile", 4), tiles = tiles_of(kernel, size);
  const int vectors = std::min(m.registers >= 32 ? 4 : 2, std::max(1, kernel.outputs / m.lanes));
  const int group = std::clamp((m.registers - 3) / vectors, 1, tiles);
  // a block of tiles re-reads all weights, and a panel of weights all tiles
  const bool panels_outside = kernel.outputs > 4 * tiles && kernel.outputs % (vectors * m.lanes) == 0;
  const int block = panels_outside ? tiles : group * std::max(1, 16 / group);
  return {{"tile", size},   {"panel_vectors", vectors},
          {"group", group}, {"block", std::min(block, tiles)},
          {"unroll", 4},    {"panels_outside", panels_outside}};
}

void apply(conv_stages &s, const schedule_request &request) {
  const signature kernel = conv_of(request.kernel);
  const int lanes = std::min(kernel.outputs, machine_of(request.target).lanes);
  const int input_lanes = std::min(kernel.channels, machine_of(request.target).lanes);
  winograd_stages &w = s.winograd;
  Var vector{"vector"}, lane{"lane"}, group{"group"};

  auto tiles = s.output.update(s.tile_stage);
  tiles.allow_race_conditions();
  tiles.vectorize(w.lane).unroll(w.dx).unroll(w.dy);
  const bool panels_outside = request["panels_outside"] != 0;
  if (panels_outside) {
    if (s.whole_panels) tiles.parallel(s.tile_panel);
    w.input.transformed.compute_root().parallel(w.input.t);
    w.products.compute_at(s.output, w.block);
  } else {
    tiles.parallel(w.block);
    w.input.transformed.compute_at(s.output, w.block).store_in(Halide::MemoryType::Heap);
    w.products.compute_at(s.output, s.tile_panel);
  }
  w.input.schedule(input_lanes);

  w.products.store_in(Halide::MemoryType::Heap)
      .split(s.k, vector, lane, lanes)
      .split(w.t, group, w.t, request["group"], Halide::TailStrategy::ShiftInwards)
      .reorder(lane, vector, w.t, group, w.i, w.j, s.panel)
      .vectorize(lane)
      .unroll(vector)
      .unroll(w.t);
  w.sums.compute_at(w.products, group)
      .store_in(Halide::MemoryType::Register)
      .split(s.k, vector, lane, lanes)
      .reorder(lane, vector, w.t, w.i, w.j, s.panel)
      .vectorize(lane)
      .unroll(vector)
      .unroll(w.t);
  w.sums.update()
      .split(s.k, vector, lane, lanes)
      .reorder(lane, vector, w.t, s.window.x, w.i, w.j, s.panel)
      .vectorize(lane)
      .unroll(vector)
      .unroll(w.t)
      .unroll(s.window.x, std::min(request["unroll"], kernel.channels));
  w.columns.compute_at(s.output, w.vector).vectorize(s.k, lanes).unroll(w.columns.args()[1]).unroll(w.j);

  for (int stage = 0; stage < s.tile_stage; ++stage)
    s.output.update(stage).vectorize(s.k, lanes, Halide::TailStrategy::GuardWithIf);
}

const register_schedule<conv_stages> winograd{{{.name = "winograd",
                                                .parameters = {{"tile", 2, 6},
                                                               {"panel_vectors", 1, 8},
                                                               {"group", 1, 32},
                                                               {"block", 1, 1 << 20},
                                                               {"unroll", 1, 16},
                                                               {"panels_outside", 0, 1}},
                                                .defaults = defaults,
                                                .layout = layout_of},
                                               apply}};

} // namespace

} // namespace vggen
