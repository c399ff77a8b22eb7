// The generator sgd: algorithm and schedules, joined.
#include "generators/sgd.hpp"
#include "generators/kernel_generator.hpp"

namespace vggen {

namespace {

class sgd_generator : public kernel_generator<sgd_generator, sgd_stages> {
public:
  Input<Buffer<float>> gradient{"gradient", 1};
  Input<float> learning_rate{"learning_rate"}, momentum{"momentum"}, decay{"decay"}, scale{"scale"};
  Input<std::int32_t> nesterov{"nesterov"};                   // 0: no
  Output<Func> updated{"updated", {Float(32), Float(32)}, 1}; // {values, momenta}

  void generate() {
    stages_.gradient = gradient;
    stages_.learning_rate = learning_rate;
    stages_.momentum = momentum;
    stages_.decay = decay;
    stages_.scale = scale;
    stages_.nesterov = nesterov != 0;
    stages_.updated = updated;
    define_sgd(stages_);
    gradient.dim(0).set_min(0).set_stride(1).set_estimate(0, 1 << 20);
    auto buffers = stages_.updated.output_buffers();
    buffers[0].dim(0).set_min(0); // Halide gives the second one the same bounds
    for (auto &buffer : buffers) {
      buffer.dim(0).set_stride(1);
      buffer.set_host_alignment(64);
    }
    updated.set_estimate(stages_.i, 0, 1 << 20);
    gradient.set_host_alignment(64);
  }

  void schedule() { apply_schedule(stages_, request(operation::sgd)); }

private:
  sgd_stages stages_;
};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::sgd_generator, sgd)
