// The generators conv3x3, conv1x1 and conv, and those of the gradients of their inputs: algorithm and
// schedules of convolutions, joined.
#include "generators/conv.hpp"
#include "generators/kernel_generator.hpp"
#include "generators/packing.hpp"
#include "schedules/gpu/product.hpp"
#include "schedules/machine.hpp"

#include <algorithm>
#include <numeric>

namespace vggen {

namespace {

// A vector of input channels, as far as they can be cut so.
int channels_in_a_row(const schedule_request &r) {
  return std::gcd(machine_of(r.target).lanes,
                  conv_of(r.kernel).channels / std::max(r.value_or("parts", 0), 1));
}

conv_tiling tiling_of(const schedule_request &r, const weight_layout &layout) {
  return {.panel = layout.panel,
          .pixels = r.value_or("pixels", 0),
          .rows = r.value_or("rows", 1),
          .images = r.value_or("images", 1),
          .parts = std::max(r.value_or("parts", 1), 1),
          .panels_outside = r.value_or("panels_outside", 0) == 1,
          .winograd = {.outputs = r.value_or("tile", 0),
                       .group = r.value_or("group", 1),
                       .channels = channels_in_a_row(r),
                       .block = r.value_or("block", 1),
                       .lanes = std::min(conv_of(r.kernel).outputs, machine_of(r.target).lanes),
                       .panels_at_once = r.value_or("panels_at_once", 1),
                       .parts = r.value_or("parts", 0)},
          .device = device_tiling_of(r)};
}

// A convolution of either direction. Derived has the buffers, and says which is which.
template <class Derived> class convolution_base : public kernel_generator<Derived, conv_stages> {
protected:
  // Defines everything from `stages_` with its input, bias, mask and output, and the packed weights.
  template <class Weights> void define(Weights &weights, const schedule_request &r) {
    const auto &chosen = this->chosen();
    const signature kernel = conv_of(r.kernel);
    const weight_layout layout = chosen.layout ? chosen.layout(r) : weight_layout{.panel = kernel.outputs};
    const weight_panels packed(kernel, layout);
    Halide::Var k, ci, kx, ky, p;
    stages_.packed_weights = weights;
    stages_.on_device = this->on_device();
    stages_.weights = Halide::Func("packed_weights");
    stages_.weights(k, ci, kx, ky, p) = weights(packed.index(k, ci, kx, ky, p));
    const conv_tiling tiling = tiling_of(r, layout);
    define_convolution(stages_, kernel, tiling);
    if (stages_.partial.defined())
      this->keep_in_scratch(
          stages_.partial,
          {kernel.outputs, kernel.sum_width() * kernel.sum_height() * kernel.batch, tiling.device.parts});
    this->fix(weights, {{0, Halide::Internal::make_const(Halide::Int(32), packed.size())}});
    weights.set_host_alignment(64);
  }

  // Sums in several parts are kept until all are there.
  void configure_for(const schedule_request &r) {
    if (this->on_device() && device_tiling_of(r).parts > 1) this->add_scratch({3});
  }

  void schedule_as(const schedule_request &r) {
    this->apply_schedule(stages_, r);
    if (this->on_device()) return;
    this->get_pipeline().add_custom_lowering_pass(new prefetch_lines_ahead(stages_.winograd.next_tile),
                                                  [] {});
    this->get_pipeline().add_custom_lowering_pass(new prefetch_block_ahead(stages_.winograd.next_point),
                                                  [] {});
  }

  conv_stages stages_;
};

template <class Derived, operation Op> class convolution_generator : public convolution_base<Derived> {
public:
  Halide::GeneratorInput<Halide::Buffer<float>> input{"input", 4};             // [c, x, y, n]
  Halide::GeneratorInput<Halide::Buffer<float>> weights{"weights", 1};         // packed, see packing.hpp
  Halide::GeneratorInput<Halide::Buffer<float>> bias_values{"bias_values", 1}; // [k]
  Halide::GeneratorOutput<Halide::Buffer<float>> output{"output", 4};          // [k, x, y, n]

  void configure() { this->configure_for(this->request(Op)); }

  void generate() {
    const schedule_request r = this->request(Op);
    this->stages_.input = input;
    this->stages_.input_buffer = input;
    this->stages_.bias = bias_values;
    this->stages_.output = output;
    this->stages_.extents = extents_of(r.kernel, input, r.kernel.input_halo);
    this->define(weights, r);
    this->fix_input(input, r.kernel);
    this->fix_output(output, r.kernel, this->stages_.extents);
    this->fix(bias_values, {{0, r.kernel.outputs}});
  }

  void schedule() { this->schedule_as(this->request(Op)); }
};

struct conv3x3_generator : convolution_generator<conv3x3_generator, operation::conv3x3> {};
struct conv1x1_generator : convolution_generator<conv1x1_generator, operation::conv1x1> {};
struct conv_generator : convolution_generator<conv_generator, operation::conv> {};

template <class Derived, operation Op> class backward_data_generator : public convolution_base<Derived> {
public:
  Halide::GeneratorInput<Halide::Buffer<float>> output_gradient{"output_gradient", 4}; // [k, x, y, n]
  Halide::GeneratorInput<Halide::Buffer<float>> weights{"weights", 1}; // packed for this direction
  Halide::GeneratorInput<Halide::Buffer<float>> input{"input", 4};     // [c, x, y, n]
  Halide::GeneratorOutput<Halide::Buffer<float>> input_gradient{"input_gradient", 4}; // [c, x, y, n]

  void configure() { this->configure_for(this->request(Op, direction::backward_data)); }

  void generate() {
    const schedule_request r = this->request(Op, direction::backward_data);
    this->stages_.input = output_gradient;
    this->stages_.input_buffer = output_gradient;
    if (r.kernel.relu) this->stages_.mask = input;
    this->stages_.extents = extents_from(conv_of(r.kernel), r.kernel.width, r.kernel.height);
    this->stages_.output = input_gradient;
    this->define(weights, r);
    this->fix_output_gradient(output_gradient, r.kernel);
    this->fix_input(input, r.kernel);
    this->fix_input_gradient(input_gradient, r.kernel);
  }

  void schedule() { this->schedule_as(this->request(Op, direction::backward_data)); }
};

struct conv3x3_backward_data_generator
    : backward_data_generator<conv3x3_backward_data_generator, operation::conv3x3> {};
struct conv1x1_backward_data_generator
    : backward_data_generator<conv1x1_backward_data_generator, operation::conv1x1> {};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::conv3x3_generator, conv3x3)
HALIDE_REGISTER_GENERATOR(vggen::conv1x1_generator, conv1x1)
HALIDE_REGISTER_GENERATOR(vggen::conv_generator, conv)
HALIDE_REGISTER_GENERATOR(vggen::conv3x3_backward_data_generator, conv3x3_backward_data)
HALIDE_REGISTER_GENERATOR(vggen::conv1x1_backward_data_generator, conv1x1_backward_data)
