// The pointwise operators, row by row.
#include "schedules/pointwise/by_row.hpp"

#include "generators/pointwise.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"

namespace vggen {

namespace {

void apply(pointwise_stages &s, const schedule_request &request) {
  const signature &kernel = request.kernel;
  compute_by_row(s.output, machine_of(request.target).lanes, kernel.output_channels(), kernel.output_width(),
                 kernel.output_height());
}

const register_schedule<pointwise_stages> rows{
    {{.name = "rows", .is_default = true, .error = measured_error(5e-7)}, apply}};

} // namespace

} // namespace vggen
