// The optimiser: one pass over values, gradients and momenta, at memory's pace.
#include "generators/sgd.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"

using Halide::TailStrategy;
using Halide::Var;

namespace vggen {

namespace {

void apply(sgd_stages &s, const schedule_request &request) {
  const int lanes = machine_of(request.target).lanes;
  Var chunk{"chunk"};
  s.updated.update()
      .split(s.i, chunk, s.i, request["chunk"], TailStrategy::GuardWithIf)
      .vectorize(s.i, lanes, TailStrategy::GuardWithIf)
      .parallel(chunk);
}

const register_schedule<sgd_stages> vectors{
    {{.name = "vectors",
      .is_default = true,
      .parameters = {{"chunk", 1024, 1 << 20}},
      .defaults = [](const schedule_request &) { return schedule_parameters{{"chunk", 16384}}; },
      .error = measured_error(2e-7)},
     apply}};

} // namespace

} // namespace vggen
