// Fully connected: `rows` rows of weights are read side by side, each input vector being used for all of them
// and for `images` images. The weights are read once, from memory: that sets the pace for small batches.
#include "generators/fully_connected.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"

using Halide::Var;

namespace vggen {

namespace {

schedule_parameters defaults(const schedule_request &request) {
  // 8 sums hide the latency of a multiply-add; 16 or 24 leave registers for the operands
  const machine m = machine_of(request.target);
  const int sums = m.registers == 32 ? 16 : 8;
  const int images = divisor_up_to(request.kernel.batch, sums / 2);
  return {{"images", images},
          {"rows", divisor_up_to(request.kernel.outputs, images == 1 ? 8 : sums / images)}};
}

void apply(fully_connected_stages &s, const schedule_request &request) {
  const int lanes = machine_of(request.target).lanes;
  const int rows = divisor_up_to(request.kernel.outputs, request["rows"]);
  const int images = divisor_up_to(request.kernel.batch, request["images"]);
  Var block{"block"}, row{"row"}, images_block{"images_block"}, image{"image"};
  s.output.split(s.k, block, row, rows)
      .split(s.n, images_block, image, images)
      .reorder(row, image, s.x, s.y, images_block, block)
      .unroll(row)
      .unroll(image)
      .parallel(block);
  s.sums.compute_at(s.output, images_block).unroll(s.k).unroll(s.n);
  s.sums.update(0)
      .atomic()
      .vectorize(s.lane_sum, lanes)
      .reorder(s.lane_sum, s.k, s.n)
      .unroll(s.k)
      .unroll(s.n);
  if (s.has_rest) s.sums.update(1).unroll(s.k).unroll(s.n);
  s.partial.compute_at(s.output, images_block).vectorize(s.lane).unroll(s.k).unroll(s.n);
  s.partial.update().reorder(s.lane, s.k, s.n, s.steps).vectorize(s.lane).unroll(s.k).unroll(s.n);
}

const register_schedule<fully_connected_stages> rows{{{.name = "rows",
                                                       .is_default = true,
                                                       .parameters = {{"rows", 1, 32}, {"images", 1, 32}},
                                                       .defaults = defaults,
                                                       .error = measured_error(1e-6)},
                                                      apply}};

} // namespace

} // namespace vggen
