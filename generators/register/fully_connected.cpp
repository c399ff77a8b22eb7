// The generator fully_connected: algorithm and schedules, joined.
#include "generators/fully_connected.hpp"
#include "generators/kernel_generator.hpp"
#include "schedules/machine.hpp"

namespace vggen {

namespace {

class fully_connected_generator : public kernel_generator<fully_connected_generator, fully_connected_stages> {
public:
  Input<Buffer<float>> input{"input", 4};             // [i, 1, 1, n]
  Input<Buffer<float>> weights{"weights", 2};         // [i, k]
  Input<Buffer<float>> bias_values{"bias_values", 1}; // [k]
  Output<Buffer<float>> output{"output", 4};          // [k, 1, 1, n]

  void generate() {
    const schedule_request r = request(operation::fully_connected);
    stages_.input = input;
    stages_.weights = weights;
    stages_.bias = bias_values;
    stages_.output = output;
    define_fully_connected(stages_, r.kernel, machine_of(r.target).lanes);
    fix_input(input, r.kernel);
    fix_output(output, r.kernel);
    fix(weights, {{0, r.kernel.channels}, {0, r.kernel.outputs}});
    fix(bias_values, {{0, r.kernel.outputs}});
  }

  void schedule() { apply_schedule(stages_, request(operation::fully_connected)); }

private:
  fully_connected_stages stages_;
};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::fully_connected_generator, fully_connected)
