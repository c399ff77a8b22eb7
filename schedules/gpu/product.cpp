// Gradients of fully connected layers on a device.
#include "generators/product.hpp"
#include "schedules/gpu/elements.hpp"
#include "schedules/gpu/product.hpp"
#include "schedules/schedule.hpp"

namespace vggen {

namespace {

product_shape shape_of(const signature &s) {
  if (s.dir == direction::backward_data) return {.rows = s.channels, .columns = s.batch, .sum = s.outputs};
  return {.rows = s.channels, .columns = s.outputs, .sum = s.batch};
}

schedule_parameters defaults(const schedule_request &request) {
  const product_shape shape = shape_of(request.kernel);
  return device_product_defaults(shape.rows, shape.columns, shape.sum);
}

double cost(const schedule_request &request) {
  const product_shape shape = shape_of(request.kernel);
  return device_product_cost(shape.rows, shape.columns, shape.sum, device_tiling_of(request));
}

void apply(product_stages &s, const schedule_request &request) {
  const signature &kernel = request.kernel;
  compute_product(s.device);
  if (s.parts.defined()) {
    const std::vector<Halide::Var> at = s.output.args();
    if (kernel.dir == direction::backward_data) {
      compute_elements(s.output, at[0], at[1], at[2], at[3], kernel.channels);
    } else {
      const Halide::Var block("block"), thread("thread");
      s.output.gpu_tile(at[0], block, thread, 256, Halide::TailStrategy::GuardWithIf).gpu_blocks(at[1]);
    }
  }
  if (s.bias.defined()) compute_elements(s.bias, s.k);
}

const register_schedule<product_stages> tiles{{{.name = "gpu_tiles",
                                                .is_default = true,
                                                .on_device = true,
                                                .parameters = device_product_parameters(),
                                                .defaults = defaults,
                                                .cost = cost,
                                                .error = measured_error(1e-6)},
                                               apply}};

} // namespace

} // namespace vggen
