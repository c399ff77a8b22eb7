// Fully connected: `rows` rows of weights are read side by side, each input vector being used for all of them
// and for `images` images. The weights are read once, from memory: that sets the pace for small batches.
#pragma once

#include "generators/fully_connected.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"

#include <vector>

namespace vggen {

inline std::vector<parameter_range> rows_parameters() { return {{"rows", 1, 32}, {"images", 1, 32}}; }

/// Vectors of sums at a time: 8 hide the latency of a multiply-add; 16 or 24 leave registers for the
/// operands.
inline int rows_sums(const Halide::Target &target) { return machine_of(target).registers == 32 ? 16 : 8; }

/// Rows for as many images as divide the batch, up to `most_images`.
inline schedule_parameters rows_defaults(const schedule_request &request, int most_images) {
  const int sums = rows_sums(request.target);
  const int images = divisor_up_to(request.kernel.batch, most_images);
  return {{"images", images},
          {"rows", divisor_up_to(request.kernel.outputs, images == 1 ? 8 : sums / images)}};
}

inline void apply_rows(fully_connected_stages &s, const schedule_request &request) {
  const int lanes = machine_of(request.target).lanes;
  const int rows = divisor_up_to(request.kernel.outputs, request["rows"]);
  const int images = divisor_up_to(request.kernel.batch, request["images"]);
  Halide::Var block{"block"}, row{"row"}, images_block{"images_block"}, image{"image"};
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

} // namespace vggen
