// The generator squared_error: algorithm and schedules, joined.
#include "generators/squared_error.hpp"
#include "generators/kernel_generator.hpp"

namespace vggen {

namespace {

class squared_error_generator : public kernel_generator<squared_error_generator, squared_error_stages> {
public:
  Input<Buffer<float>> values{"values", 4};        // [c, 1, 1, n]
  Input<Buffer<float>> targets{"targets", 2};      // [i, n]
  Input<Buffer<std::int32_t>> labels{"labels", 1}; // [n]
  Input<float> weight{"weight"};
  Output<Buffer<float>> loss{"loss", 1};         // [n]
  Output<Buffer<float>> gradient{"gradient", 4}; // [c, 1, 1, n]

  void generate() {
    const schedule_request r = request(operation::squared_error);
    stages_.values = values;
    stages_.targets = targets;
    stages_.labels = labels;
    stages_.weight = weight;
    stages_.loss = loss;
    stages_.gradient = gradient;
    define_squared_error(stages_, r.kernel);
    fix_input(values, r.kernel);
    fix(targets, {{0, r.kernel.outputs}, {0, r.kernel.batch}});
    fix(labels, {{0, r.kernel.batch}});
    fix(loss, {{0, r.kernel.batch}});
    fix_input_gradient(gradient, r.kernel);
  }

  void schedule() { apply_schedule(stages_, request(operation::squared_error)); }

private:
  squared_error_stages stages_;
};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::squared_error_generator, squared_error)
