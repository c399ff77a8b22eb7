// Fully connected, from rows of weights where the file has them.
#include "rows.hpp"

namespace vggen {

namespace {

schedule_parameters defaults(const schedule_request &request) {
  return rows_defaults(request, rows_sums(request.target) / 2);
}

const register_schedule<fully_connected_stages> rows{{{.name = "rows",
                                                       .is_default = true,
                                                       .parameters = rows_parameters(),
                                                       .defaults = defaults,
                                                       .error = measured_error(1e-6)},
                                                      apply_rows}};

} // namespace

} // namespace vggen
