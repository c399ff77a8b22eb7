// A fully connected layer scheduled by Halide's Li2018.
#include "generators/fully_connected.hpp"
#include "schedules/autoscheduled.hpp"

namespace vggen {

namespace {

const register_schedule<fully_connected_stages> li{{li2018(1e-6), {}}};

} // namespace

} // namespace vggen
