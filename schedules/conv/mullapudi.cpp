// A convolution scheduled by Halide's Mullapudi2016.
#include "generators/conv.hpp"
#include "schedules/autoscheduled.hpp"

namespace vggen {

namespace {

const register_schedule<conv_stages> mullapudi{{mullapudi2016(5e-6), {}}};

} // namespace

} // namespace vggen
