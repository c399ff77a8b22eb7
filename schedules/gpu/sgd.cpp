// The optimiser on a device: a thread for each parameter.
#include "generators/sgd.hpp"
#include "schedules/gpu/elements.hpp"
#include "schedules/schedule.hpp"

namespace vggen {

namespace {

void apply(sgd_stages &s, const schedule_request &) { compute_elements(s.updated.update(), s.i, 256); }

const register_schedule<sgd_stages> elements{
    {{.name = "gpu_elements", .is_default = true, .on_device = true, .error = measured_error(2e-7)}, apply}};

} // namespace

} // namespace vggen
