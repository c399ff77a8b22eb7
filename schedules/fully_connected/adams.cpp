// A fully connected layer scheduled by Halide's Adams2019.
#include "generators/fully_connected.hpp"
#include "schedules/autoscheduled.hpp"
#include "schedules/machine.hpp"

#include <stdexcept>

namespace vggen {

namespace {

// Rows of weights shorter than a vector leave a sum over no whole vectors, on which Adams2019 aborts.
schedule_info for_whole_vectors(schedule_info adams) {
  adams.defaults = [any = adams.defaults](const schedule_request &request) {
    if (request.kernel.channels < machine_of(request.target).lanes)
      throw std::invalid_argument("Adams2019 cannot schedule fewer inputs than a vector has lanes");
    return any(request);
  };
  return adams;
}

const register_schedule<fully_connected_stages> adams{{for_whole_vectors(adams2019(1e-6)), {}}};

} // namespace

} // namespace vggen
