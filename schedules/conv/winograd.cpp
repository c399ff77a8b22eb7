// Winograd's minimal filtering: input tiles are transformed, multiplied point by point with transformed
// weights (a matrix product for each point), and transformed back.
//
// A block of tiles passes through all three steps while it is in the core's cache. Where the weights are
// larger than the tiles (late layers), panels of weights are the outer loop instead, so that each is read
// once.
#include "generators/conv.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"
#include "schedules/winograd_cost.hpp"

#include <algorithm>
#include <array>
#include <limits>

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

double cost(const schedule_request &request) {
  const signature kernel = conv_of(request.kernel);
  const machine m = machine_of(request.target);
  // a vector of few channels is mostly empty
  if (kernel.op != operation::conv3x3 || kernel.channels < m.lanes || kernel.outputs < m.lanes)
    return std::numeric_limits<double>::infinity();
  if (kernel.pool && request["tile"] % 2 != 0) return std::numeric_limits<double>::infinity();
  const int tiles = tiles_of(kernel, request["tile"]), points = request["tile"] + 2;
  const int vectors = std::min(request["panel_vectors"], kernel.outputs / m.lanes);
  const int outputs = (kernel.outputs + m.lanes - 1) / m.lanes,
            inputs = (kernel.channels + m.lanes - 1) / m.lanes, panels = (outputs + vectors - 1) / vectors;
  const int groups = (request["block"] + request["group"] - 1) / request["group"],
            blocks = (tiles + request["block"] - 1) / request["block"];
  const double steps = double{1} * blocks * groups * points * points * kernel.channels * panels;
  const double work = product_cycles(m, vectors, request["group"], steps) +
                      transform_cycles(double{1} * tiles * (inputs + outputs), points);

  // each block of tiles reads all weights; each panel of weights reads tiles that the cache does not keep
  const bool outside = request["panels_outside"] != 0;
  const double plane = 4.0 * points * points, weights = plane * kernel.channels * kernel.outputs;
  const double at_once = plane * kernel.channels * (outside ? tiles : request["block"]);
  const double traffic = blocks * traffic_cycles(weights) +
                         panels * (outside ? 1 : blocks) * traffic_cycles(at_once) +
                         2 * panels * blocks * traffic_cycles(plane * request["block"] * vectors * m.lanes);
  return work * idle_share(outside ? panels : blocks) + traffic;
}

schedule_parameters defaults_for(const schedule_request &request, int size) {
  const signature kernel = conv_of(request.kernel);
  const machine m = machine_of(request.target);
  const int tiles = tiles_of(kernel, size), most_vectors = std::max(1, kernel.outputs / m.lanes);
  schedule_parameters best;
  double best_cost = std::numeric_limits<double>::infinity();
  const auto try_block = [&](int vectors, int block, bool panels_outside) {
    const int groups = (block - 1) / std::max(1, (m.registers - 3) / vectors) + 1;
    schedule_request whole = request;
    whole.parameters.merge(schedule_parameters{{"tile", size},
                                               {"panel_vectors", vectors},
                                               {"group", (block - 1) / groups + 1},
                                               {"block", block},
                                               {"unroll", 4},
                                               {"panels_outside", panels_outside}});
    if (const double c = cost(whole);
        best.empty() || c < best_cost * 0.97) { // of equals the first: it is small
      best_cost = c;
      best = whole.parameters;
    }
  };
  for (int vectors = std::min(m.registers >= 32 ? 4 : 2, most_vectors); vectors >= 1; --vectors) {
    for (int block = 14; block < tiles; block *= 2)
      try_block(vectors, block, false);
    if (kernel.outputs % (vectors * m.lanes) == 0) try_block(vectors, tiles, true);
  }
  if (best.empty()) try_block(1, tiles, false);
  return best;
}

schedule_parameters defaults(const schedule_request &request) {
  if (const int size = request.value_or("tile", 0)) return defaults_for(request, size);
  return cheapest_tile(request, defaults_for, cost);
}

// Those of the products; the transforms have some per cent more.
std::int64_t multiply_adds(const schedule_request &request) {
  const signature kernel = conv_of(request.kernel);
  const std::int64_t points = request["tile"] + 2;
  return points * points * tiles_of(kernel, request["tile"]) * kernel.channels * kernel.outputs;
}

// Larger tiles have larger factors, of which more cancels.
double error(const schedule_request &request) {
  return std::array{1e-6, 8e-6, 6e-6, 2e-5, 4e-5}.at(static_cast<std::size_t>(request["tile"] - 2));
}

void apply(conv_stages &s, const schedule_request &request) {
  const signature kernel = conv_of(request.kernel);
  const machine m = machine_of(request.target);
  const int lanes = std::min(kernel.outputs, m.lanes), input_lanes = std::min(kernel.channels, m.lanes);
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
  // The points of a tile lie in different sets of the caches. Not where a vector is not full: with one output
  // a padded buffer was seen to be read where nothing had been written.
  if (kernel.channels >= m.lanes && kernel.outputs >= m.lanes) {
    const int all_tiles = tiles_of(kernel, request["tile"]), block = std::min(request["block"], all_tiles);
    w.input.transformed.align_storage(w.input.channel, odd_lines(kernel.channels))
        .align_storage(w.input.t, (panels_outside ? all_tiles : block) | 1);
    w.products.align_storage(s.k, odd_lines(layout_of(request).panel)).align_storage(w.t, block | 1);
  }

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
                                                .exact = false,
                                                .parameters = {{"tile", 2, 6},
                                                               {"panel_vectors", 1, 8},
                                                               {"group", 1, 32},
                                                               {"block", 1, 1 << 20},
                                                               {"unroll", 1, 16},
                                                               {"panels_outside", 0, 1}},
                                                .defaults = defaults,
                                                .layout = layout_of,
                                                .cost = cost,
                                                .multiply_adds = multiply_adds,
                                                .error = error},
                                               apply}};

} // namespace

} // namespace vggen
