// The generator fully_connected: algorithm and schedules, joined.
#include "generators/fully_connected.hpp"
#include "generators/bf16_rows.hpp"
#include "generators/kernel_generator.hpp"
#include "schedules/gpu/product.hpp"
#include "schedules/machine.hpp"

#include <optional>

namespace vggen {

namespace {

class fully_connected_generator : public kernel_generator<fully_connected_generator, fully_connected_stages> {
public:
  Input<Buffer<float>> input{"input", 4};             // [i, 1, 1, n]
  Input<Buffer<float>> weights{"weights", 2};         // [i, k], or packed, see bf16_rows.hpp
  Input<Buffer<float>> bias_values{"bias_values", 1}; // [k]
  Output<Buffer<float>> output{"output", 4};          // [k, 1, 1, n]

  void configure() {
    if (on_device() && device_tiling_of(request(operation::fully_connected)).parts > 1) add_scratch({3});
  }

  void generate() {
    const schedule_request r = request(operation::fully_connected);
    stages_.input = input;
    stages_.weights = weights;
    stages_.bias = bias_values;
    stages_.output = output;
    std::optional<bf16_rows> packed;
    if (chosen().layout) packed.emplace(r.kernel, chosen().layout(r));
    stages_.on_device = on_device();
    if (on_device() && r.parameters.contains("row_threads"))
      define_fully_connected_product(stages_, r.kernel, device_tiling_of(r));
    else
      define_fully_connected(stages_, r.kernel,
                             packed        ? packed->lanes
                             : on_device() ? r["threads"]
                                           : machine_of(r.target).lanes,
                             packed.has_value());
    if (stages_.parts.defined())
      keep_in_scratch(stages_.parts, {r.kernel.outputs, r.kernel.batch, device_tiling_of(r).parts});
    fix_input(input, r.kernel);
    fix_output(output, r.kernel);
    fix(weights, {{0, packed ? packed->words() : r.kernel.channels}, {0, r.kernel.outputs}});
    fix(bias_values, {{0, r.kernel.outputs}});
  }

  void schedule() { apply_schedule(stages_, request(operation::fully_connected)); }

private:
  fully_connected_stages stages_;
};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::fully_connected_generator, fully_connected)
