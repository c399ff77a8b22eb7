// The generators conv3x3_backward_weights and conv1x1_backward_weights: algorithm and schedules, joined.
#include "generators/conv_weights.hpp"
#include "generators/kernel_generator.hpp"
#include "schedules/gpu/product.hpp"

namespace vggen {

namespace {

template <class Derived, operation Op>
class conv_weights_generator : public kernel_generator<Derived, conv_weights_stages> {
public:
  Halide::GeneratorInput<Halide::Buffer<float>> output_gradient{"output_gradient", 4};  // [k, x, y, n]
  Halide::GeneratorInput<Halide::Buffer<float>> input{"input", 4};                      // [c, x, y, n]
  Halide::GeneratorOutput<Halide::Buffer<float>> weight_gradient{"weight_gradient", 4}; // [kx, ky, c, k]
  Halide::GeneratorOutput<Halide::Buffer<float>> bias_gradient{"bias_gradient", 1};     // [k]

  void configure() {
    if (this->on_device()) this->add_scratch({3});
  }

  void generate() {
    const schedule_request r = this->request(Op, direction::backward_weights);
    const signature &s = r.kernel;
    stages_.output_gradient = output_gradient;
    stages_.input = input;
    stages_.weight_gradient = weight_gradient;
    stages_.bias_gradient = bias_gradient;
    stages_.on_device = this->on_device();
    define_conv_weights(stages_, s,
                        {.panel = r.value_or("panel", 1),
                         .channels = r.value_or("tile_channels", 1),
                         .rows = r.value_or("rows", 1),
                         .images = r.value_or("images", 1),
                         .parts = r.value_or("parts", 1),
                         .winograd = r.value_or("tile", 0),
                         .tiles = r.value_or("tiles", 1),
                         .device = device_tiling_of(r)});
    if (stages_.parts.defined())
      this->keep_in_scratch(stages_.parts, {s.outputs, conv_weights_columns(s), device_tiling_of(r).parts});
    this->fix_output_gradient(output_gradient, s);
    this->fix_input(input, s);
    this->fix(weight_gradient,
              {{0, s.window_width()}, {0, s.window_height()}, {0, s.channels}, {0, s.outputs}});
    this->fix(bias_gradient, {{0, s.outputs}});
  }

  void schedule() { this->apply_schedule(stages_, this->request(Op, direction::backward_weights)); }

private:
  conv_weights_stages stages_;
};

struct conv3x3_backward_weights_generator
    : conv_weights_generator<conv3x3_backward_weights_generator, operation::conv3x3> {};
struct conv1x1_backward_weights_generator
    : conv_weights_generator<conv1x1_backward_weights_generator, operation::conv1x1> {};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::conv3x3_backward_weights_generator, conv3x3_backward_weights)
HALIDE_REGISTER_GENERATOR(vggen::conv1x1_backward_weights_generator, conv1x1_backward_weights)
