// Fully connected on a device for single images: a block of threads reads a few rows of weights, each once,
// every thread its share of a row.
#include "generators/fully_connected.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"

#include <limits>

using Halide::MemoryType;
using Halide::Var;

namespace vggen {

namespace {

constexpr int most_images = 4;

schedule_parameters defaults(const schedule_request &) { return {{"threads", 128}, {"rows", 4}}; }

// In memory's time, which a product does not come near to with so few columns.
double cost(const schedule_request &request) {
  const signature &kernel = request.kernel;
  if (kernel.batch > most_images) return std::numeric_limits<double>::infinity();
  return double{1} * kernel.channels * kernel.outputs;
}

void apply(fully_connected_stages &s, const schedule_request &request) {
  const int rows = divisor_up_to(request.kernel.outputs, request["rows"]);
  const Var block("block"), row("row");
  s.output.split(s.k, block, row, rows)
      .reorder(row, s.n, block, s.x, s.y)
      .gpu_blocks(block, s.x, s.y)
      .gpu_threads(row, s.n);
  const Halide::Func shares = s.partial.in(s.sums);
  s.sums.compute_at(s.output, block).store_in(MemoryType::GPUShared).gpu_threads(s.k, s.n);
  s.sums.update(0).reorder(s.lane_sum.x, s.k, s.n).gpu_threads(s.k, s.n);
  if (s.has_rest) s.sums.update(1).gpu_threads(s.k, s.n);
  Halide::Func(shares)
      .compute_at(s.output, block)
      .store_in(MemoryType::GPUShared)
      .reorder(s.k, s.n, s.lane)
      .unroll(s.k)
      .unroll(s.n)
      .gpu_threads(s.lane);
  s.partial.compute_at(s.output, block)
      .store_in(MemoryType::Register)
      .reorder_storage(s.k, s.n, s.lane)
      .reorder(s.k, s.n, s.lane)
      .unroll(s.k)
      .unroll(s.n)
      .gpu_threads(s.lane);
  s.partial.update().reorder(s.k, s.n, s.steps.x, s.lane).unroll(s.k).unroll(s.n).gpu_threads(s.lane);
}

const register_schedule<fully_connected_stages> rows{{{.name = "gpu_rows",
                                                       .on_device = true,
                                                       .parameters = {{"threads", 32, 512}, {"rows", 1, 16}},
                                                       .defaults = defaults,
                                                       .cost = cost,
                                                       .error = measured_error(1e-6)},
                                                      apply}};

} // namespace

} // namespace vggen
