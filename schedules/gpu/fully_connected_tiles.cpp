// Fully connected on a device for batches: a product of the weights with the images.
#include "generators/fully_connected.hpp"
#include "schedules/gpu/elements.hpp"
#include "schedules/gpu/product.hpp"
#include "schedules/schedule.hpp"

namespace vggen {

namespace {

schedule_parameters defaults(const schedule_request &request) {
  const signature &kernel = request.kernel;
  return device_product_defaults(kernel.outputs, kernel.batch, kernel.channels);
}

double cost(const schedule_request &request) {
  const signature &kernel = request.kernel;
  return device_product_cost(kernel.outputs, kernel.batch, kernel.channels, device_tiling_of(request));
}

void apply(fully_connected_stages &s, const schedule_request &request) {
  compute_product(s.device);
  if (s.parts.defined()) compute_elements(s.output, s.k, s.x, s.y, s.n, request.kernel.outputs);
}

const register_schedule<fully_connected_stages> tiles{{{.name = "gpu_tiles",
                                                        .is_default = true,
                                                        .on_device = true,
                                                        .parameters = device_product_parameters(),
                                                        .defaults = defaults,
                                                        .cost = cost,
                                                        .error = measured_error(1e-6)},
                                                       apply}};

} // namespace

} // namespace vggen
