// Softmax on a device: a block of threads looks at each pixel's channels for the largest, and for the total.
#include "generators/softmax.hpp"
#include "schedules/gpu/elements.hpp"
#include "schedules/gpu/lanes.hpp"
#include "schedules/schedule.hpp"

namespace vggen {

namespace {

void apply(softmax_stages &s, const schedule_request &request) {
  for (const Halide::Func &f : {s.largest, s.total})
    compute_in_lanes(f, s.channels.x, {s.x, s.y, s.n});
  compute_elements(s.output, s.c, s.x, s.y, s.n, request.kernel.channels);
}

const register_schedule<softmax_stages> lanes{
    {{.name = "gpu_lanes", .is_default = true, .on_device = true, .error = measured_error(6e-7)}, apply}};

} // namespace

} // namespace vggen
