// The pointwise operators on a device: each output value has a thread.
#include "schedules/gpu/elements.hpp"

#include "generators/pointwise.hpp"
#include "schedules/schedule.hpp"

namespace vggen {

namespace {

void apply(pointwise_stages &s, const schedule_request &request) {
  compute_elements(s.output, request.kernel.output_channels());
}

const register_schedule<pointwise_stages> elements{
    {{.name = "gpu_elements", .is_default = true, .on_device = true, .error = measured_error(5e-7)}, apply}};

} // namespace

} // namespace vggen
