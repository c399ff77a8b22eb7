// A fully connected layer scheduled by Halide's Mullapudi2016.
#include "generators/fully_connected.hpp"
#include "schedules/autoscheduled.hpp"

namespace vggen {

namespace {

const register_schedule<fully_connected_stages> mullapudi{{mullapudi2016(1e-6), {}}};

} // namespace

} // namespace vggen
