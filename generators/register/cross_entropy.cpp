// The generator cross_entropy: algorithm and schedules, joined.
#include "generators/cross_entropy.hpp"
#include "generators/kernel_generator.hpp"

namespace vggen {

namespace {

class cross_entropy_generator : public kernel_generator<cross_entropy_generator, cross_entropy_stages> {
public:
  Input<Buffer<float>> logits{"logits", 4};        // [c, 1, 1, n]
  Input<Buffer<std::int32_t>> labels{"labels", 1}; // [n]
  Input<float> smoothing{"smoothing"};
  Input<float> weight{"weight"};
  Output<Buffer<float>> loss{"loss", 1};         // [n]
  Output<Buffer<float>> gradient{"gradient", 4}; // [c, 1, 1, n]

  void configure() {
    if (on_device()) add_scratch({1, 1, 1});
  }

  void generate() {
    const schedule_request r = request(operation::cross_entropy);
    stages_.logits = logits;
    stages_.labels = labels;
    stages_.smoothing = smoothing;
    stages_.weight = weight;
    stages_.loss = loss;
    stages_.gradient = gradient;
    define_cross_entropy(stages_, r.kernel);
    if (on_device())
      for (const Halide::Func &f : {stages_.largest, stages_.others, stages_.mean})
        keep_in_scratch(f, {r.kernel.batch});
    fix_input(logits, r.kernel);
    fix(labels, {{0, r.kernel.batch}});
    fix(loss, {{0, r.kernel.batch}});
    fix_input_gradient(gradient, r.kernel);
  }

  void schedule() { apply_schedule(stages_, request(operation::cross_entropy)); }

private:
  cross_entropy_stages stages_;
};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::cross_entropy_generator, cross_entropy)
