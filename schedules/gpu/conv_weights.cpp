// The gradient of a convolution's weights on a device: a product whose sum is over all pixels.
#include "generators/conv_weights.hpp"
#include "schedules/gpu/elements.hpp"
#include "schedules/gpu/product.hpp"
#include "schedules/schedule.hpp"

namespace vggen {

namespace {

std::int64_t pixels_of(const signature &kernel) {
  return std::int64_t{kernel.batch} * kernel.sum_height() * kernel.sum_width();
}

schedule_parameters defaults(const schedule_request &request) {
  const signature &kernel = request.kernel;
  return device_product_defaults(kernel.outputs, conv_weights_columns(kernel), pixels_of(kernel));
}

double cost(const schedule_request &request) {
  const signature &kernel = request.kernel;
  return device_product_cost(kernel.outputs, conv_weights_columns(kernel), pixels_of(kernel),
                             device_tiling_of(request));
}

void apply(conv_weights_stages &s, const schedule_request &request) {
  compute_product(s.device);
  // neighbouring threads read neighbouring outputs of a part
  compute_elements(s.weight_gradient, s.k, s.c, s.kx, s.ky, request.kernel.outputs);
  compute_elements(s.bias_gradient, s.k);
}

const register_schedule<conv_weights_stages> tiles{{{.name = "gpu_tiles",
                                                     .is_default = true,
                                                     .on_device = true,
                                                     .parameters = device_product_parameters(),
                                                     .defaults = defaults,
                                                     .cost = cost,
                                                     .error = measured_error(2e-6)},
                                                    apply}};

} // namespace

} // namespace vggen
