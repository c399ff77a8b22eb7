// Softmax and cross-entropy: image by image, vectors along classes.
#include "generators/cross_entropy.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"

#include <algorithm>

using Halide::TailStrategy;

namespace vggen {

namespace {

void apply(cross_entropy_stages &s, const schedule_request &request) {
  const int lanes = std::min(machine_of(request.target).lanes, request.kernel.channels);
  s.exponentials.compute_root().vectorize(s.c, lanes, TailStrategy::GuardWithIf);
  s.largest.compute_root();
  s.others.compute_root();
  s.mean.compute_root();
  s.gradient.vectorize(s.c, lanes, TailStrategy::GuardWithIf);
}

const register_schedule<cross_entropy_stages> rows{
    {{.name = "rows", .is_default = true, .error = measured_error(2e-6)}, apply}};

} // namespace

} // namespace vggen
