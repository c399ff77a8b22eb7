// Products: a tile of sums stays in vector registers while the summed index passes by.
#include "generators/product.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"

#include <algorithm>

using Halide::Var;

namespace vggen {

namespace {

struct extents {
  int rows, columns, sum;
};

extents extents_of(const signature &s) {
  if (s.dir == direction::backward_data) return {s.channels, s.batch, s.outputs};
  return {s.channels, s.outputs, s.batch};
}

int vector_width(const signature &kernel, const machine &m) {
  return std::min(extents_of(kernel).rows, m.lanes);
}

schedule_parameters defaults(const schedule_request &request) {
  const signature &kernel = request.kernel;
  const extents e = extents_of(kernel);
  const machine m = machine_of(request.target);
  const int lanes = vector_width(kernel, m);
  schedule_parameters best;
  double best_cost = 1e30;
  for (int vectors = 1; vectors <= std::min(4, std::max(1, e.rows / lanes)); ++vectors)
    for (int columns = 1; columns <= std::min(e.columns, m.registers); ++columns) {
      if (e.columns % columns != 0) continue;
      const int sums = vectors * columns;
      if (sums + vectors + (m.folds_broadcasts ? 1 : 2) > m.registers && columns > 1) break;
      const double f = m.fused_per_cycle;
      const double cycles =
          std::max({sums / f, (vectors + columns) / 2.0, 5.0}) + (vectors + columns) / 100.0;
      const int tiles = (e.rows + vectors * lanes - 1) / (vectors * lanes);
      const double cost = tiles * cycles / columns;
      if (cost < best_cost * 0.999)
        best_cost = cost, best = {{"tile_rows", vectors * lanes}, {"tile_columns", columns}};
    }
  // the gradient of the input reads the weights, which are large, once: its tiles along i are outside
  best["rows_outside"] = kernel.dir == direction::backward_data;
  return best;
}

void apply(product_stages &s, const schedule_request &request) {
  const signature &kernel = request.kernel;
  const int lanes = vector_width(kernel, machine_of(request.target));
  const auto &t = s.tiles;
  Var vector{"vector"}, lane{"lane"};
  Halide::RVar tile_vector{"tile_vector"}, tile_lane{"tile_lane"};
  auto tiles = s.output.update();
  tiles.allow_race_conditions(); // two tiles overlap at the end of i, where both write the same
  tiles.split(t[0], tile_vector, tile_lane, lanes)
      .reorder(tile_lane, tile_vector, t[1], t[2], t[3])
      .vectorize(tile_lane)
      .unroll(tile_vector)
      .unroll(t[1]);
  // tiles that overlap are one thread's
  const extents e = extents_of(kernel);
  const bool whole = e.rows % std::min(request["tile_rows"], e.rows) == 0;
  tiles.parallel(whole ? t[3] : s.column_tile);
  s.sums.compute_at(s.output, t[2]).store_in(Halide::MemoryType::Register);
  s.sums.split(s.i, vector, lane, lanes).vectorize(lane).unroll(vector).unroll(s.j);
  s.sums.update()
      .split(s.i, vector, lane, lanes)
      .reorder(lane, vector, s.j, s.sum)
      .vectorize(lane)
      .unroll(vector)
      .unroll(s.j);
  if (s.bias.defined()) {
    const int width = std::min(kernel.outputs, lanes);
    s.bias.vectorize(s.k, width, Halide::TailStrategy::GuardWithIf);
    s.bias.update().reorder(s.k, s.bias_sum).vectorize(s.k, width, Halide::TailStrategy::GuardWithIf);
  }
}

const register_schedule<product_stages> tiles{
    {{.name = "tiles",
      .is_default = true,
      .parameters = {{"tile_rows", 1, 512}, {"tile_columns", 1, 64}, {"rows_outside", 0, 1}},
      .defaults = defaults,
      .error = measured_error(1e-6)},
     apply}};

} // namespace

} // namespace vggen
