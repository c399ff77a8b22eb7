// A convolution scheduled by Halide's Li2018.
#include "generators/conv.hpp"
#include "schedules/autoscheduled.hpp"

namespace vggen {

namespace {

const register_schedule<conv_stages> li{{li2018(5e-6), {}}};

} // namespace

} // namespace vggen
