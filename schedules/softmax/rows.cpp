// Softmax: the exponentials of one pixel are kept, vectors along channels.
#include "generators/softmax.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"

#include <algorithm>

using Halide::TailStrategy;

namespace vggen {

namespace {

void apply(softmax_stages &s, const schedule_request &request) {
  const int lanes = std::min(machine_of(request.target).lanes, request.kernel.channels);
  s.output.reorder(s.c, s.x, s.y, s.n).vectorize(s.c, lanes, TailStrategy::GuardWithIf);
  s.exponentials.compute_at(s.output, s.x).vectorize(s.c, lanes, TailStrategy::GuardWithIf);
  s.largest.compute_at(s.output, s.x);
  s.total.compute_at(s.output, s.x);
}

const register_schedule<softmax_stages> rows{
    {{.name = "rows", .is_default = true, .error = measured_error(1e-6)}, apply}};

} // namespace

} // namespace vggen
