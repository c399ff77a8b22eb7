// Squared distances: image by image, vectors along the outputs' gradient. The sums are of a few numbers.
#include "generators/squared_error.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"

#include <algorithm>

using Halide::TailStrategy;

namespace vggen {

namespace {

void apply(squared_error_stages &s, const schedule_request &request) {
  const int lanes = std::min(machine_of(request.target).lanes, request.kernel.channels);
  s.sum.compute_root();
  s.gradient.vectorize(s.c, lanes, TailStrategy::GuardWithIf);
}

const register_schedule<squared_error_stages> rows{
    {{.name = "rows", .is_default = true, .error = measured_error(1e-6)}, apply}};

} // namespace

} // namespace vggen
