// Batch normalisation: sums row by row and in parallel, vectors along channels; then the pixels.
#include "generators/batch_norm.hpp"
#include "schedules/machine.hpp"
#include "schedules/pointwise/by_row.hpp"
#include "schedules/schedule.hpp"

#include <algorithm>

using Halide::TailStrategy;

namespace vggen {

namespace {

// One image's rows after the other's: a task is an image's row.
void compute_sum(channel_sum &sum, int lanes) {
  const auto by_vectors = [&](Halide::Func f) {
    f.compute_root().vectorize(sum.c, lanes, TailStrategy::GuardWithIf);
  };
  by_vectors(sum.rows);
  sum.rows.parallel(sum.y);
  sum.rows.update()
      .reorder(sum.c, sum.row, sum.y, sum.n)
      .vectorize(sum.c, lanes, TailStrategy::GuardWithIf)
      .parallel(sum.y);
  by_vectors(sum.images);
  sum.images.update()
      .reorder(sum.c, sum.column, sum.n)
      .vectorize(sum.c, lanes, TailStrategy::GuardWithIf)
      .parallel(sum.n);
  by_vectors(sum.total);
  sum.total.update().reorder(sum.c, sum.batch).vectorize(sum.c, lanes, TailStrategy::GuardWithIf);
}

void apply(batch_norm_stages &s, const schedule_request &request) {
  const signature &kernel = request.kernel;
  const int lanes = machine_of(request.target).lanes, vector = std::min(lanes, kernel.channels);
  for (channel_sum *sum : {&s.first, &s.second})
    if (sum->defined()) compute_sum(*sum, vector);
  for (Halide::Func f : {s.mean, s.inverse})
    f.compute_root().vectorize(s.first.c, vector, TailStrategy::GuardWithIf);
  if (s.output.func.defined()) compute_by_row(s.output, lanes, kernel.channels, kernel.width, kernel.height);
}

const register_schedule<batch_norm_stages> rows{
    {{.name = "rows", .is_default = true, .error = measured_error(6e-7)}, apply}};

} // namespace

} // namespace vggen
