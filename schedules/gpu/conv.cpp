// Convolution on a device: a product whose columns are pixels, gathered as they are copied to shared memory.
#include "generators/conv.hpp"
#include "schedules/gpu/elements.hpp"
#include "schedules/gpu/product.hpp"
#include "schedules/schedule.hpp"

namespace vggen {

namespace {

std::int64_t columns_of(const signature &kernel) {
  return std::int64_t{kernel.output_width()} * kernel.output_height() * kernel.batch * (kernel.pool ? 4 : 1);
}

std::int64_t sum_of(const signature &kernel) {
  return std::int64_t{kernel.channels} * kernel.window_width() * kernel.window_height();
}

schedule_parameters defaults(const schedule_request &request) {
  const signature kernel = conv_of(request.kernel);
  schedule_parameters p =
      device_product_defaults(kernel.outputs, columns_of(kernel), sum_of(kernel), kernel.pool ? 4 : 1);
  if (kernel.dynamic) p["parts"] = 1;
  return p;
}

double cost(const schedule_request &request) {
  const signature kernel = conv_of(request.kernel);
  return device_product_cost(kernel.outputs, columns_of(kernel), sum_of(kernel), device_tiling_of(request));
}

void apply(conv_stages &s, const schedule_request &request) {
  const signature kernel = conv_of(request.kernel);
  compute_product(s.device);
  if (s.partial.defined())
    compute_elements(s.output, s.k, s.x, s.y, s.n, kernel.outputs);
  else if (s.frame_stage >= 0)
    compute_frame(s.output.update(s.frame_stage), s.k, s.frame.x, s.n, kernel.outputs);
}

const register_schedule<conv_stages> tiles{{{.name = "gpu_tiles",
                                             .is_default = true,
                                             .on_device = true,
                                             .parameters = device_product_parameters(),
                                             .defaults = defaults,
                                             .cost = cost,
                                             .error = measured_error(2e-6)},
                                            apply}};

} // namespace

} // namespace vggen
