// Winograd's minimal filtering: input tiles are transformed, multiplied point by point with transformed
// weights (a matrix product for each point), and transformed back.
//
// A block of tiles passes through all three steps while it is in the core's cache. Where the weights are
// larger than the tiles (late layers), panels of weights are the outer loop instead, so that each is read
// once; or, for several images, blocks are done one after another, each by all threads. Where panels are
// narrow, as on short vectors, several go through a point together (`panels_at_once`), so that the tiles of
// the point are read from the cache once for all of them. Transformed weights are two to seven times as large
// as plain ones: with `parts` they stay plain in memory and are transformed in the cache, for a part of the
// input channels at a time.
#include "generators/conv.hpp"
#include "generators/count_up.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"
#include "schedules/winograd_cost.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

using Halide::Var;

namespace vggen {

namespace {

constexpr int rows_ahead = 12; // windows of weights that are prefetched

// The values of `panels_outside`.
enum loop_order {
  blocks_parallel, // threads take blocks of tiles, panel after panel
  panels_parallel, // threads take panels, block after block
  block_by_block,  // in each block threads take panels
};

weight_layout layout_of(const schedule_request &request) {
  const signature kernel = conv_of(request.kernel);
  const int lanes = std::min(kernel.outputs, machine_of(request.target).lanes);
  return {.panel = lanes * std::min(request["panel_vectors"], kernel.outputs / lanes),
          .winograd = request["parts"] > 0 ? 0 : request["tile"],
          .window_inside = request["parts"] > 0};
}

// How often things are done, for the estimate.
struct winograd_counts {
  int tiles, points, vectors, inputs, outputs; // inputs, outputs: vectors of channels
  int panels, turns, groups, blocks;           // turns: of panels that are taken at once; groups: in a block
  double plane;                                // bytes of a tile's points, for a channel
  double kernels;                              // pairs of an input and an output channel
  bool outside;                                // panels are the outer loop: all tiles pass through a panel
  double input; // bytes of the transformed tiles that pass through a panel at once

  winograd_counts(const signature &kernel, const machine &m, const schedule_request &request)
      : tiles(winograd_tile_count(kernel, request["tile"])), points(request["tile"] + 2),
        vectors(std::min(request["panel_vectors"], kernel.outputs / m.lanes)),
        inputs(count_up(kernel.channels, m.lanes)), outputs(count_up(kernel.outputs, m.lanes)),
        panels(count_up(outputs, vectors)), turns(panels / request["panels_at_once"]),
        groups(count_up(std::min(request["block"], tiles), request["group"])),
        blocks(count_up(count_up(tiles, request["group"]), groups)), plane(4.0 * points * points),
        kernels(double{1} * kernel.channels * kernel.outputs),
        outside(request["panels_outside"] == panels_parallel),
        input(plane * kernel.channels * (outside ? tiles : request["block"])) {}
};

// Each block of tiles reads all weights; each panel of weights reads tiles that the cache does not keep.
double traffic_of_transformed(const winograd_counts &n, const machine &m, const schedule_request &request) {
  return (n.outside ? 1 : n.blocks) *
             (traffic_cycles(m, n.plane * n.kernels) + n.turns * traffic_cycles(m, n.input)) +
         2 * n.turns * n.blocks *
             traffic_cycles(m, n.plane * request["block"] * n.vectors * m.lanes * request["panels_at_once"]);
}

// Plain weights are transformed for each block; of each part the sums are read and written.
double cost_of_parts(const winograd_counts &n, const signature &kernel, const machine &m,
                     const schedule_request &request) {
  const int parts = request["parts"], lanes = n.vectors * m.lanes, inputs_of_part = kernel.channels / parts;
  const double sums = double{1} * n.panels * n.blocks * request["block"] * n.vectors * n.points * n.points;
  const double weights = n.plane * lanes * inputs_of_part, block = n.plane * lanes * request["block"];
  return filter_cycles(n.kernels / m.lanes * n.blocks, n.points) + 3 * (parts - 1) * sums +
         (n.outside ? 1 : n.blocks) *
             (traffic_cycles(m, 36 * n.kernels) + n.panels * traffic_cycles(m, n.input)) +
         n.panels * parts * n.blocks * traffic_cycles(m, weights + block);
}

double cost(const schedule_request &request) {
  constexpr double never = std::numeric_limits<double>::infinity();
  const signature kernel = conv_of(request.kernel);
  const machine m = machine_of(request.target);
  // a vector of few channels is mostly empty
  if (kernel.op != operation::conv3x3 || kernel.channels < m.lanes || kernel.outputs < m.lanes) return never;
  if (kernel.pool && request["tile"] % 2 != 0) return never;
  const int parts = request["parts"];
  const bool panels_share_threads = request["panels_outside"] != blocks_parallel;
  if (parts > 0 && (!panels_share_threads || kernel.channels % parts != 0)) return never;
  const winograd_counts n(kernel, m, request);
  if (n.panels % request["panels_at_once"] != 0 || (parts > 0 && request["panels_at_once"] > 1)) return never;
  const double steps = double{1} * n.blocks * n.groups * n.points * n.points * kernel.channels * n.panels;
  const double work = product_cycles(m, n.vectors, request["group"], steps) +
                      transform_cycles(double{1} * n.tiles * (n.inputs + n.outputs), n.points);
  const double idle = idle_share(panels_share_threads ? n.turns : n.blocks);
  return work * idle +
         (parts > 0 ? cost_of_parts(n, kernel, m, request) : traffic_of_transformed(n, m, request));
}

schedule_parameters defaults_for(const schedule_request &request, int size) {
  const signature kernel = conv_of(request.kernel);
  const machine m = machine_of(request.target);
  const int tiles = winograd_tile_count(kernel, size), most_vectors = std::max(1, kernel.outputs / m.lanes);
  schedule_parameters best;
  double best_cost = std::numeric_limits<double>::infinity();
  const int parts = request.value_or("parts", 0);
  const auto try_panels = [&](int vectors, int block, loop_order order, int panels_at_once) {
    const int groups = (block - 1) / std::max(1, (m.registers - 3) / vectors) + 1;
    schedule_request whole = request;
    whole.parameters.merge(schedule_parameters{{"tile", size},
                                               {"panel_vectors", vectors},
                                               {"group", (block - 1) / groups + 1},
                                               {"block", block},
                                               {"unroll", 4},
                                               {"parts", parts},
                                               {"panels_at_once", panels_at_once},
                                               {"panels_outside", order}});
    if (const double c = cost(whole);
        best.empty() || c < best_cost * 0.97) { // of equals the first: it is small
      best_cost = c;
      best = whole.parameters;
    }
  };
  const auto try_block = [&](int vectors, int block, loop_order order) {
    const int panels = count_up(most_vectors, vectors);
    try_panels(vectors, block, order, 1);
    for (int at_once = 2; m.registers < 32 && parts == 0 && at_once <= std::min(8, panels); at_once *= 2)
      if (panels % at_once == 0) try_panels(vectors, block, order, at_once);
  };
  for (int vectors = std::min(m.registers >= 32 ? 4 : 2, most_vectors); vectors >= 1; --vectors) {
    for (int block = 2 * ((m.registers - 3) / vectors); block < tiles && parts == 0; block *= 2)
      try_block(vectors, block, blocks_parallel);
    if (kernel.outputs % (vectors * m.lanes) != 0) continue;
    try_block(vectors, tiles, panels_parallel);
    for (int block = tiles / 2; block >= 25; block /= 2) {
      if (parts > 0) try_block(vectors, block, panels_parallel);
      try_block(vectors, block, block_by_block);
    }
  }
  if (best.empty()) try_block(1, tiles, parts > 0 ? panels_parallel : blocks_parallel);
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
  return points * points * winograd_tile_count(kernel, request["tile"]) * kernel.channels * kernel.outputs;
}

// Larger tiles have larger factors, of which more cancels.
double error(const schedule_request &request) {
  return std::array{1e-6, 8e-6, 6e-6, 2.5e-5, 4e-5}.at(static_cast<std::size_t>(request["tile"] - 2));
}

// All points of a vector of channels together, in registers.
void schedule_input(winograd_stages &w) {
  w.input.transformed.reorder(w.input.i, w.input.j, w.channel, w.channels, w.u, w.group)
      .vectorize(w.channel)
      .unroll(w.input.i)
      .unroll(w.input.j);
  w.input.rows.compute_at(w.input.transformed, w.u)
      .reorder(w.input.i, w.channel, w.channels, w.input.j)
      .vectorize(w.channel)
      .unroll(w.input.i);
}

// The products in memory, in groups of tiles; of plain weights, those of a part of the channels are
// transformed first.
void schedule_products(conv_stages &s, const schedule_request &request, int lanes) {
  winograd_stages &w = s.winograd;
  const bool parts = w.products.has_update_definition();
  const Var vector{"vector"}, lane{"lane"};
  w.products.store_in(Halide::MemoryType::Heap);
  const auto in_groups = [&](Halide::Stage stage) {
    return stage.split(s.k, vector, lane, lanes).vectorize(lane).unroll(vector).unroll(w.u);
  };
  if (parts) {
    w.products.vectorize(s.k, lanes);
    in_groups(w.products.update()).reorder(lane, vector, w.u, w.group, w.i, w.j, w.part, s.panel);
  } else {
    in_groups(w.products).reorder(lane, vector, w.u, w.group, s.panel, w.i, w.j);
  }
  if (!w.filter.defined()) return;
  const Var ci = w.filter.args()[1];
  w.filter.store_in(Halide::MemoryType::Heap)
      .align_storage(ci, conv_of(request.kernel).channels / request["parts"] | 1)
      .split(s.k, vector, lane, lanes)
      .reorder(w.i, w.j, lane, vector, ci, s.panel)
      .vectorize(lane)
      .unroll(w.i)
      .unroll(w.j)
      .prefetch(s.packed_weights, ci, ci, rows_ahead, Halide::PrefetchBoundStrategy::NonFaulting);
  w.filter_rows.compute_at(w.filter, vector)
      .split(s.k, vector, lane, lanes)
      .reorder(w.i, s.y, lane, vector, ci, s.panel)
      .vectorize(lane)
      .unroll(w.i)
      .unroll(s.y);
  if (parts)
    w.filter.compute_at(w.products, w.part);
  else
    w.filter.compute_at(s.output, w.turn);
}

void apply(conv_stages &s, const schedule_request &request) {
  const signature kernel = conv_of(request.kernel);
  const machine m = machine_of(request.target);
  const int lanes = std::min(kernel.outputs, m.lanes), row = s.winograd.row;
  winograd_stages &w = s.winograd;
  const Var vector{"vector"}, lane{"lane"};

  auto tiles = s.output.update(s.tile_stage);
  tiles.allow_race_conditions();
  tiles.vectorize(w.lane).unroll(w.dx).unroll(w.dy);
  const int order = request["panels_outside"];
  if (order == blocks_parallel)
    tiles.parallel(w.block);
  else if (s.whole_panels)
    tiles.parallel(w.turn);
  if (order == panels_parallel) {
    w.input.transformed.compute_root().parallel(w.group);
    w.products.compute_at(s.output, w.block);
  } else {
    w.input.transformed.compute_at(s.output, w.block).store_in(Halide::MemoryType::Heap);
    if (order == block_by_block) w.input.transformed.parallel(w.group);
    w.products.compute_at(s.output, w.turn);
  }
  schedule_input(w);
  // The points of a tile lie in different sets of the caches. Not where a vector is not full: with one output
  // a padded buffer was seen to be read where nothing had been written.
  if (kernel.channels >= m.lanes && kernel.outputs >= m.lanes) {
    const int all_groups = count_up(winograd_tile_count(kernel, request["tile"]), request["group"]);
    w.input.transformed.align_storage(w.channels, kernel.channels / row | 1)
        .align_storage(w.group, (order == panels_parallel ? all_groups : w.groups) | 1);
    w.products.align_storage(s.k, odd_lines(layout_of(request).panel)).align_storage(w.group, w.groups | 1);
  }

  if (kernel.dynamic) { // there may be less groups than in a block
    const int all_groups = count_up(winograd_tile_count(kernel, request["tile"]), request["group"]);
    w.input.transformed.bound_storage(w.group, order == panels_parallel ? all_groups : w.groups);
    w.products.bound_storage(w.group, w.groups);
  }

  schedule_products(s, request, lanes);
  w.sums.compute_at(w.products, w.group)
      .store_in(Halide::MemoryType::Register)
      .split(s.k, vector, lane, lanes)
      .reorder(lane, vector, w.u, w.i, w.j, s.panel)
      .vectorize(lane)
      .unroll(vector)
      .unroll(w.u);
  w.sums.update()
      .split(s.k, vector, lane, lanes)
      .reorder(lane, vector, w.u, s.window.x, s.window.y, w.i, w.j, s.panel)
      .vectorize(lane)
      .unroll(vector)
      .unroll(w.u)
      .unroll(s.window.x, std::gcd(request["unroll"], row));
  w.next_tile = {.floats = request["tile"] * kernel.channels,
                 .buffer = s.input_buffer.name(),
                 .loop = w.input.rows.name() + ".s0." + w.channels.name(),
                 .into = m.prefetches_past_caches ? cache_level::past_caches : cache_level::first};
  if (request["parts"] == 0)
    w.next_point = {.floats = layout_of(request).panel * kernel.channels,
                    .buffer = s.packed_weights.name(),
                    .loop = w.sums.name() + ".s1." + s.window.y.name(),
                    .outer_loop = w.products.name() + ".s0." + w.group.name(),
                    .outer = w.groups,
                    .into = m.prefetches_past_caches ? cache_level::past_caches : cache_level::second};
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
                                                               {"parts", 0, 8},
                                                               {"panels_at_once", 1, 64},
                                                               {"panels_outside", 0, 2}},
                                                .defaults = defaults,
                                                .layout = layout_of,
                                                .cost = cost,
                                                .multiply_adds = multiply_adds,
                                                .error = error},
                                               apply}};

} // namespace

} // namespace vggen
