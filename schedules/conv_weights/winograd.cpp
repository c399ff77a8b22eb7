// The gradient of a convolution's weights by Winograd's minimal filtering: input and output gradient are
// transformed tile by tile, their products summed for each point in registers over a block of tiles, and the
// sums transformed back at the end.
//
// Where there are few tiles (late layers) all of them are transformed first, and panels of outputs run in
// parallel; where there are many, parts of them do, each block being transformed where it is used.
#include "generators/conv_weights.hpp"
#include "generators/count_up.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"
#include "schedules/winograd_cost.hpp"

#include <algorithm>
#include <array>
#include <limits>

using Halide::TailStrategy;
using Halide::Var;

namespace vggen {

namespace {

int lanes_of(int channels, const machine &m) { return std::min(channels, m.lanes); }

schedule_parameters defaults_for(const schedule_request &request, int size) {
  const signature &kernel = request.kernel;
  const machine m = machine_of(request.target);
  const int lanes = lanes_of(kernel.outputs, m);
  const int tiles = winograd_tile_count(kernel, size);
  const int vectors = std::min(m.registers >= 32 ? 4 : 2, std::max(1, kernel.outputs / lanes));
  const int channels = std::clamp((m.registers - vectors - 1) / vectors, 1, kernel.channels);
  const bool whole = std::int64_t{kernel.outputs} * kernel.channels > std::int64_t{256} * tiles;
  schedule_parameters p{{"tile", size},
                        {"panel", vectors * lanes},
                        {"tile_channels", channels},
                        {"tiles", divisor_up_to(tiles, 128)},
                        {"whole", whole}};
  const int rows = kernel.sum_height() * kernel.batch, blocks = tiles / p["tiles"];
  p["parts"] = 1;
  for (int parts = 2; parts <= 4 && !whole; ++parts)
    if (blocks % parts == 0 && rows % parts == 0) p["parts"] = parts;
  return p;
}

double cost(const schedule_request &request) {
  const signature &kernel = request.kernel;
  const machine m = machine_of(request.target);
  // a vector of few channels is mostly empty
  if (kernel.op != operation::conv3x3 || kernel.channels < m.lanes || kernel.outputs < m.lanes)
    return std::numeric_limits<double>::infinity();
  const int tiles = winograd_tile_count(kernel, request["tile"]), points = request["tile"] + 2;
  const int outputs = count_up(kernel.outputs, m.lanes), inputs = count_up(kernel.channels, m.lanes);
  const int vectors = std::min(request["panel"], kernel.outputs) / m.lanes;
  const int channels = std::min(request["tile_channels"], kernel.channels);
  const int tiles_of_channels = count_up(kernel.channels, channels);
  const double steps = double{1} * tiles * points * points * outputs / vectors * tiles_of_channels;
  const double sums = 4.0 * points * points * kernel.channels * kernel.outputs;
  const int blocks = tiles / request["tiles"];
  return product_cycles(m, vectors, channels, steps) +
         transform_cycles(double{1} * tiles * (inputs + outputs), points) +
         transform_cycles(double{1} * kernel.channels * outputs, points) +
         blocks * traffic_cycles(m, 2 * sums);
}

schedule_parameters defaults(const schedule_request &request) {
  if (const int size = request.value_or("tile", 0)) return defaults_for(request, size);
  return cheapest_tile(request, defaults_for, cost);
}

// Those of the products; the transforms have some per cent more.
std::int64_t multiply_adds(const schedule_request &request) {
  const signature &kernel = request.kernel;
  const std::int64_t points = request["tile"] + 2;
  return points * points * winograd_tile_count(kernel, request["tile"]) * kernel.channels * kernel.outputs;
}

// Larger tiles have larger factors, of which more cancels.
double error(const schedule_request &request) {
  return std::array{1e-6, 4e-6, 4e-6, 8e-6, 1e-5}.at(static_cast<std::size_t>(request["tile"] - 2));
}

// By vectors of channels; a tile's points stay in registers.
void transform_vectors(conv_weights_stages &s, tile_transform &operand, int lanes) {
  operand.transformed.reorder(operand.i, operand.j, s.channel, s.t)
      .vectorize(s.channel, lanes, TailStrategy::GuardWithIf)
      .unroll(operand.i)
      .unroll(operand.j);
  operand.rows.compute_at(operand.transformed, s.t)
      .reorder(operand.i, s.channel, operand.j, s.t)
      .vectorize(s.channel, lanes, TailStrategy::GuardWithIf)
      .unroll(operand.i);
}

void apply(conv_weights_stages &s, const schedule_request &request) {
  const signature &kernel = request.kernel;
  const machine m = machine_of(request.target);
  const int lanes = lanes_of(kernel.outputs, m), input_lanes = lanes_of(kernel.channels, m);
  Var vector{"vector"}, lane{"lane"}, task{"task"}, outer{"outer"};

  s.part_sums.compute_root().reorder_storage(s.k, s.c, s.kx, s.ky, s.tile, s.panel, s.part);
  s.part_sums.split(s.k, vector, lane, lanes)
      .vectorize(lane)
      .unroll(vector)
      .fuse(s.panel, s.part, task)
      .parallel(task);
  auto parts = s.part_sums.update();
  parts.split(s.k, vector, lane, lanes)
      .reorder(lane, vector, s.c, s.tile, s.panel, s.kx, s.ky, s.blocks.x, s.part)
      .vectorize(lane)
      .unroll(vector)
      .unroll(s.c);
  if (request["whole"] != 0) {
    parts.reorder(lane, vector, s.c, s.tile, s.kx, s.ky, s.blocks.x, s.panel, s.part)
        .fuse(s.panel, s.part, task)
        .parallel(task);
    s.transformed_gradient.transformed.compute_root().parallel(s.t);
    s.transformed_input.transformed.compute_root().parallel(s.t);
  } else {
    parts.parallel(s.part);
    for (tile_transform *operand : {&s.transformed_gradient, &s.transformed_input})
      operand->transformed.compute_at(s.part_sums, s.blocks.x).store_in(Halide::MemoryType::Heap);
  }
  transform_vectors(s, s.transformed_gradient, lanes);
  transform_vectors(s, s.transformed_input, input_lanes);

  s.block_sums.compute_at(s.part_sums, s.tile).store_in(Halide::MemoryType::Register);
  s.block_sums.split(s.k, vector, lane, lanes).vectorize(lane).unroll(vector).unroll(s.c);
  s.block_sums.update()
      .split(s.k, vector, lane, lanes)
      .reorder(lane, vector, s.c, s.pixels.x)
      .vectorize(lane)
      .unroll(vector)
      .unroll(s.c);

  // back to windows, by vectors of outputs, and from these to the file's order
  const int group = std::min(16, kernel.channels);
  Var block_of_c{"block_of_c"}, block_of_k{"block_of_k"};
  s.weight_gradient.split(s.k, block_of_k, s.k, lanes, TailStrategy::GuardWithIf)
      .split(s.c, block_of_c, s.c, group, TailStrategy::GuardWithIf)
      .reorder(s.kx, s.ky, s.c, s.k, block_of_c, block_of_k)
      .unroll(s.kx)
      .unroll(s.ky)
      .parallel(block_of_k);
  s.window.compute_at(s.weight_gradient, block_of_c)
      .bound_storage(s.k, lanes)
      .bound_storage(s.c, group)
      .reorder(s.kx, s.ky, s.k, s.c)
      .vectorize(s.k, lanes)
      .unroll(s.kx)
      .unroll(s.ky);
  s.window_rows.compute_at(s.window, s.c).vectorize(s.k, lanes).unroll(s.kx).unroll(s.ky);

  s.bias_part_sums.compute_root().vectorize(s.k, lanes, TailStrategy::GuardWithIf);
  s.bias_part_sums.update()
      .reorder(s.k, s.bias_blocks.x, s.part)
      .vectorize(s.k, lanes, TailStrategy::GuardWithIf)
      .parallel(s.part);
  s.bias_block_sums.compute_at(s.bias_part_sums, s.bias_blocks.x)
      .vectorize(s.k, lanes, TailStrategy::GuardWithIf);
  s.bias_block_sums.update().reorder(s.k, s.bias_pixels.x).vectorize(s.k, lanes, TailStrategy::GuardWithIf);
  s.bias_gradient.vectorize(s.k, lanes, TailStrategy::GuardWithIf);
}

const register_schedule<conv_weights_stages> winograd{{{.name = "winograd",
                                                        .exact = false,
                                                        .parameters = {{"tile", 2, 6},
                                                                       {"panel", 1, 512},
                                                                       {"tile_channels", 1, 64},
                                                                       {"tiles", 1, 1 << 20},
                                                                       {"parts", 1, 64},
                                                                       {"whole", 0, 1}},
                                                        .defaults = defaults,
                                                        .cost = cost,
                                                        .multiply_adds = multiply_adds,
                                                        .error = error},
                                                       apply}};

} // namespace

} // namespace vggen
