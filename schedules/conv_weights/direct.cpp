// The gradient of a convolution's weights: a tile of weights' sums stays in vector registers while the pixels
// of a block pass by. Each pixel gives one vector of output gradients per `panel` / lanes and one broadcast
// input per channel of the tile. A block of pixels stays in the core's cache while all tiles pass over it.
#include "generators/conv_weights.hpp"
#include "generators/count_up.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"

#include <algorithm>
#include <limits>

using Halide::Var;

namespace vggen {

namespace {

int vector_width(const signature &kernel, const machine &m) { return std::min(kernel.outputs, m.lanes); }

// Whether a tile takes all places of the window along x: with few input channels there is too little to do
// otherwise.
bool takes_window(const signature &kernel, int channels) {
  return kernel.window_width() > 1 && channels <= 3;
}

// Cycles for one pixel, one vector of outputs and one place of the window; infinity: the tile does not fit
// into the registers.
double pixel_cost(const signature &kernel, const machine &m, int vectors, int channels) {
  const int places = takes_window(kernel, channels) ? kernel.window_width() : 1;
  const int sums = vectors * channels * places;
  if (sums + vectors + (m.folds_broadcasts ? 1 : 2) > m.registers && channels > 1)
    return std::numeric_limits<double>::infinity();
  const double f = m.fused_per_cycle, loads = vectors + channels * places;
  const double cycles = std::max({sums / f, loads / 2.0, 5.0}) + loads / 100.0;
  const int tiles = count_up(kernel.channels, channels);
  const int width = vector_width(kernel, m), outputs = count_up(kernel.outputs, width);
  return tiles * cycles * count_up(outputs, vectors) / (double{1} * outputs * places);
}

schedule_parameters defaults(const schedule_request &request) {
  const signature &kernel = request.kernel;
  const machine m = machine_of(request.target);
  const int lanes = vector_width(kernel, m), most_vectors = std::max(1, kernel.outputs / lanes);
  schedule_parameters best;
  double best_cost = 1e30;
  for (int vectors = 1; vectors <= std::min(4, most_vectors); ++vectors)
    for (int channels = 1; channels <= std::min(kernel.channels, m.registers); ++channels) {
      const double cost = pixel_cost(kernel, m, vectors, channels);
      if (cost < best_cost * 0.999)
        best_cost = cost, best = {{"panel", vectors * lanes}, {"tile_channels", channels}};
    }
  // a block of about 256 pixels: long enough to pay for the tile's load and store, short enough for the cache
  const int width = kernel.sum_width(), height = kernel.sum_height(), most_pixels = 320;
  best["rows"] = divisor_up_to(height, std::max(1, most_pixels / width));
  best["images"] =
      best["rows"] == height ? divisor_up_to(kernel.batch, std::max(1, most_pixels / (width * height))) : 1;
  // enough tasks for the threads of today's machines, if there are not enough panels
  const int blocks = height / best["rows"] * (kernel.batch / best["images"]);
  const int panels = count_up(kernel.outputs, best["panel"]);
  best["parts"] = divisor_up_to(blocks, std::max(1, 16 / panels));
  return best;
}

double cost(const schedule_request &request) {
  const signature &kernel = request.kernel;
  const machine m = machine_of(request.target);
  const int lanes = vector_width(kernel, m);
  const int vectors = count_up(kernel.outputs, lanes);
  const double pixels = double{1} * kernel.batch * kernel.sum_height() * kernel.sum_width();
  return pixel_cost(kernel, m, std::max(1, request["panel"] / lanes),
                    std::min(request["tile_channels"], kernel.channels)) *
         pixels * kernel.window_width() * kernel.window_height() * vectors;
}

void apply(conv_weights_stages &s, const schedule_request &request) {
  const signature &kernel = request.kernel;
  const int lanes = vector_width(kernel, machine_of(request.target));
  const bool window = takes_window(kernel, std::min(request["tile_channels"], kernel.channels));
  Var vector{"vector"}, lane{"lane"}, task{"task"};

  s.part_sums.compute_root().reorder_storage(s.k, s.c, s.kx, s.ky, s.tile, s.panel, s.part);
  s.part_sums.split(s.k, vector, lane, lanes)
      .vectorize(lane)
      .unroll(vector)
      .fuse(s.panel, s.part, task)
      .parallel(task);
  auto parts = s.part_sums.update();
  parts.split(s.k, vector, lane, lanes)
      .reorder(lane, vector, s.c, s.kx, s.ky, s.tile, s.blocks.x, s.panel, s.part)
      .vectorize(lane)
      .unroll(vector)
      .unroll(s.c)
      .fuse(s.panel, s.part, task)
      .parallel(task);
  if (window) parts.unroll(s.kx);

  s.block_sums.compute_at(s.part_sums, window ? s.ky : s.kx).store_in(Halide::MemoryType::Register);
  s.block_sums.split(s.k, vector, lane, lanes).vectorize(lane).unroll(vector).unroll(s.c).unroll(s.kx);
  s.block_sums.update()
      .split(s.k, vector, lane, lanes)
      .reorder(lane, vector, s.c, s.kx, s.pixels.x, s.pixels.y, s.pixels.z)
      .vectorize(lane)
      .unroll(vector)
      .unroll(s.c)
      .unroll(s.kx);

  s.weight_gradient.unroll(s.kx).unroll(s.ky).parallel(s.k, divisor_up_to(kernel.outputs, 8));

  s.bias_part_sums.compute_root().vectorize(s.k, lanes, Halide::TailStrategy::GuardWithIf);
  s.bias_part_sums.update()
      .reorder(s.k, s.bias_blocks.x, s.part)
      .vectorize(s.k, lanes, Halide::TailStrategy::GuardWithIf)
      .parallel(s.part);
  s.bias_block_sums.compute_at(s.bias_part_sums, s.bias_blocks.x)
      .vectorize(s.k, lanes, Halide::TailStrategy::GuardWithIf);
  s.bias_block_sums.update()
      .reorder(s.k, s.bias_pixels.x, s.bias_pixels.y, s.bias_pixels.z)
      .vectorize(s.k, lanes, Halide::TailStrategy::GuardWithIf);
  s.bias_gradient.vectorize(s.k, lanes, Halide::TailStrategy::GuardWithIf);
}

const register_schedule<conv_weights_stages> direct{{{.name = "direct",
                                                      .is_default = true,
                                                      .parameters = {{"panel", 1, 512},
                                                                     {"tile_channels", 1, 64},
                                                                     {"rows", 1, 1024},
                                                                     {"images", 1, 1024},
                                                                     {"parts", 1, 64}},
                                                      .defaults = defaults,
                                                      .cost = cost,
                                                      .error = measured_error(1e-6)},
                                                     apply}};

} // namespace

} // namespace vggen
