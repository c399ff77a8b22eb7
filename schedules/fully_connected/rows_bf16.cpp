// Fully connected, from weights that are rounded to bfloat16: half the memory to read, so half the time for
// small batches. Products and sums are float32; all that is lost is the weights' last 16 bits.
#include "rows.hpp"

namespace vggen {

namespace {

weight_layout layout_of(const schedule_request &request) {
  return {.bf16_lanes = machine_of(request.target).lanes};
}

// Many rows, few images: images are read anew for each group of rows, and weigh more beside weights of half
// the size.
schedule_parameters defaults(const schedule_request &request) { return rows_defaults(request, 2); }

const register_schedule<fully_connected_stages> rows_bf16{{{.name = "rows_bf16",
                                                            .exact = false,
                                                            .on_request = true,
                                                            .parameters = rows_parameters(),
                                                            .defaults = defaults,
                                                            .layout = layout_of,
                                                            .error = measured_error(2e-3)},
                                                           apply_rows}};

} // namespace

} // namespace vggen
