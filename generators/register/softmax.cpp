// The generator softmax: algorithm and schedules, joined.
#include "generators/softmax.hpp"
#include "generators/kernel_generator.hpp"

namespace vggen {

namespace {

class softmax_generator : public kernel_generator<softmax_generator, softmax_stages> {
public:
  Input<Buffer<float>> input{"input", 4};    // [c, x, y, n]
  Output<Buffer<float>> output{"output", 4}; // [c, x, y, n]

  void configure() {
    if (on_device()) add_scratch({3, 3});
  }

  void generate() {
    const schedule_request r = request(operation::softmax);
    stages_.input = input;
    stages_.output = output;
    define_softmax(stages_, r.kernel);
    if (on_device())
      for (const Halide::Func &f : {stages_.largest, stages_.total})
        keep_in_scratch(f, {r.kernel.width, r.kernel.height, r.kernel.batch});
    fix_input(input, r.kernel);
    fix_output(output, r.kernel);
  }

  void schedule() { apply_schedule(stages_, request(operation::softmax)); }

private:
  softmax_stages stages_;
};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::softmax_generator, softmax)
