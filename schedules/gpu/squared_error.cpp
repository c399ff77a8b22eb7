// Squared distances on a device: a thread for each image's loss, and for each number of the gradient.
#include "generators/squared_error.hpp"
#include "schedules/gpu/elements.hpp"
#include "schedules/schedule.hpp"

namespace vggen {

namespace {

void apply(squared_error_stages &s, const schedule_request &request) {
  compute_elements(s.loss, s.n);
  compute_elements(s.gradient, s.c, s.x, s.y, s.n, request.kernel.channels);
}

const register_schedule<squared_error_stages> elements{
    {{.name = "gpu_elements", .is_default = true, .on_device = true, .error = measured_error(3e-7)}, apply}};

} // namespace

} // namespace vggen
