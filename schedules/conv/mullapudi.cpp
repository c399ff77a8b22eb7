// Convolution scheduled by Halide's Mullapudi2016 (SIGGRAPH 2016): no knowledge of convolutions, but of
// loops. It is what a schedule by hand must beat, and it serves any target.
#include "generators/conv.hpp"
#include "schedules/schedule.hpp"

namespace vggen {

namespace {

const register_schedule<conv_stages> mullapudi{
    {{.name = "mullapudi", .autoscheduler = "Mullapudi2016", .error = measured_error(5e-6)}, {}}};

} // namespace

} // namespace vggen
