// Softmax and cross-entropy on a device: a block of threads makes each of an image's sums.
#include "generators/cross_entropy.hpp"
#include "schedules/gpu/elements.hpp"
#include "schedules/gpu/lanes.hpp"
#include "schedules/schedule.hpp"

namespace vggen {

namespace {

void apply(cross_entropy_stages &s, const schedule_request &request) {
  for (const Halide::Func &f : {s.largest, s.others, s.mean})
    compute_in_lanes(f, s.channels.x, {s.n});
  compute_elements(s.loss, s.n);
  compute_elements(s.gradient, s.c, s.x, s.y, s.n, request.kernel.channels);
}

const register_schedule<cross_entropy_stages> lanes{
    {{.name = "gpu_lanes", .is_default = true, .on_device = true, .error = measured_error(8e-6)}, apply}};

} // namespace

} // namespace vggen
