// A convolution scheduled by Halide's Adams2019.
#include "generators/conv.hpp"
#include "schedules/autoscheduled.hpp"

namespace vggen {

namespace {

const register_schedule<conv_stages> adams{{adams2019(5e-6), {}}};

} // namespace

} // namespace vggen
