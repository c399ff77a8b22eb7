// The generators batch_norm and those of its gradients: algorithms and schedules, joined.
#include "generators/batch_norm.hpp"
#include "generators/kernel_generator.hpp"

namespace vggen {

namespace {

// A batch norm that sums: on a device each of its sums is kept between launches.
template <class Derived> class summing_generator : public kernel_generator<Derived, batch_norm_stages> {
public:
  void configure() {
    if (this->on_device()) this->add_scratch({3, 2, 1, 3, 2, 1});
  }

protected:
  void keep_sums(const signature &s) {
    if (!this->on_device()) return;
    for (channel_sum *sum : {&stages_.first, &stages_.second}) {
      this->keep_in_scratch(sum->rows, {s.channels, s.height, s.batch});
      this->keep_in_scratch(sum->images, {s.channels, s.batch});
      this->keep_in_scratch(sum->total, {s.channels});
    }
  }

  batch_norm_stages stages_;
};

class batch_norm_generator : public summing_generator<batch_norm_generator> {
public:
  Input<Buffer<float>> input{"input", 4};            // [c, x, y, n]
  Input<Buffer<float>> scale{"scale", 1};            // [c]
  Input<Buffer<float>> shift{"shift", 1};            // [c]
  Input<int> images{"images"};                       // that count
  Output<Buffer<float>> statistics{"statistics", 2}; // [c, {mean, variance}]
  Output<Buffer<float>> output{"output", 4};         // [c, x, y, n]

  void generate() {
    const schedule_request r = request(operation::batch_norm);
    const signature &s = r.kernel;
    stages_.vectors = statistics;
    stages_.output.func = output;
    stages_.output.in_one = on_device();
    stages_.first.on_device = stages_.second.on_device = on_device();
    define_batch_norm(stages_, {.input = input, .scale = scale, .shift = shift, .images = images}, s);
    keep_sums(s);
    fix_input(input, s);
    fix(scale, {{0, s.channels}});
    fix(shift, {{0, s.channels}});
    images.set_estimate(s.batch);
    fix(statistics, {{0, s.channels}, {0, 2}});
    fix_output(output, s);
  }

  void schedule() { apply_schedule(stages_, request(operation::batch_norm)); }
};

class batch_norm_weights_generator : public summing_generator<batch_norm_weights_generator> {
public:
  Input<Buffer<float>> output_gradient{"output_gradient", 4}; // [c, x, y, n]
  Input<Buffer<float>> input{"input", 4};                     // [c, x, y, n]
  Input<Buffer<float>> statistics{"statistics", 2};           // [c, {mean, variance}]
  Input<int> images{"images"};                                // that count
  Output<Buffer<float>> scale_gradient{"scale_gradient", 1};  // [c]
  Output<Buffer<float>> shift_gradient{"shift_gradient", 1};  // [c]

  void generate() {
    const schedule_request r = request(operation::batch_norm, direction::backward_weights);
    const signature &s = r.kernel;
    stages_.first.on_device = stages_.second.on_device = on_device();
    define_batch_norm_weights(
        stages_,
        {.input = input, .output_gradient = output_gradient, .statistics = statistics, .images = images},
        scale_gradient, shift_gradient, s);
    stages_.gradients = {scale_gradient, shift_gradient};
    keep_sums(s);
    fix_output_gradient(output_gradient, s);
    fix_input(input, s);
    fix(statistics, {{0, s.channels}, {0, 2}});
    images.set_estimate(s.batch);
    fix(scale_gradient, {{0, s.channels}});
    fix(shift_gradient, {{0, s.channels}});
  }

  void schedule() { apply_schedule(stages_, request(operation::batch_norm, direction::backward_weights)); }
};

class batch_norm_data_generator : public kernel_generator<batch_norm_data_generator, batch_norm_stages> {
public:
  Input<Buffer<float>> output_gradient{"output_gradient", 4}; // [c, x, y, n]
  Input<Buffer<float>> input{"input", 4};                     // [c, x, y, n]
  Input<Buffer<float>> statistics{"statistics", 2};           // [c, {mean, variance}]
  Input<Buffer<float>> scale{"scale", 1};                     // [c]
  Input<Buffer<float>> scale_gradient{"scale_gradient", 1};   // [c]
  Input<Buffer<float>> shift_gradient{"shift_gradient", 1};   // [c]
  Input<int> images{"images"};                                // that count
  Output<Buffer<float>> input_gradient{"input_gradient", 4};  // [c, x, y, n]

  void generate() {
    const schedule_request r = request(operation::batch_norm, direction::backward_data);
    const signature &s = r.kernel;
    stages_.output.func = input_gradient;
    stages_.output.in_one = on_device();
    define_batch_norm_backward(stages_,
                               {.input = input,
                                .output_gradient = output_gradient,
                                .scale = scale,
                                .statistics = statistics,
                                .scale_gradient = scale_gradient,
                                .shift_gradient = shift_gradient,
                                .images = images},
                               s);
    fix_output_gradient(output_gradient, s);
    fix_input(input, s);
    fix(statistics, {{0, s.channels}, {0, 2}});
    for (auto *vector : {&scale, &scale_gradient, &shift_gradient})
      fix(*vector, {{0, s.channels}});
    images.set_estimate(s.batch);
    fix_input_gradient(input_gradient, s);
  }

  void schedule() {
    schedule_request r = request(operation::batch_norm, direction::backward_data);
    r.kernel = as_large_as_input(r.kernel);
    apply_schedule(stages_, r);
  }

private:
  batch_norm_stages stages_;
};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::batch_norm_generator, batch_norm)
HALIDE_REGISTER_GENERATOR(vggen::batch_norm_data_generator, batch_norm_backward_data)
HALIDE_REGISTER_GENERATOR(vggen::batch_norm_weights_generator, batch_norm_backward_weights)
