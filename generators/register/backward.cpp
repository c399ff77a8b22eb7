// The generators of gradients that are computed pixel by pixel, and of dropout: algorithms and schedules,
// joined.
#include "generators/backward.hpp"
#include "generators/adaptive_pool.hpp"
#include "generators/kernel_generator.hpp"

namespace vggen {

namespace {

using definition = void (*)(pointwise_stages &, Halide::Func, Halide::Func, const signature &);

template <class Derived, operation Op, definition Define>
class pointwise_backward_generator : public kernel_generator<Derived, pointwise_stages> {
public:
  Halide::GeneratorInput<Halide::Buffer<float>> output_gradient{"output_gradient", 4}; // [c, x, y, n]
  Halide::GeneratorInput<Halide::Buffer<float>> input{"input", 4};                     // [c, x, y, n]
  Halide::GeneratorOutput<Halide::Buffer<float>> input_gradient{"input_gradient", 4};  // [c, x, y, n]

  void generate() {
    const schedule_request r = this->request(Op, direction::backward_data);
    stages_.output.func = input_gradient;
    stages_.output.in_one = this->on_device();
    Define(stages_, output_gradient, input, r.kernel);
    this->fix_output_gradient(output_gradient, r.kernel);
    this->fix_input(input, r.kernel);
    this->fix_input_gradient(input_gradient, r.kernel);
  }

  void schedule() {
    schedule_request r = this->request(Op, direction::backward_data);
    r.kernel = as_large_as_input(r.kernel);
    this->apply_schedule(stages_, r);
  }

private:
  pointwise_stages stages_;
};

struct max_pool_backward_generator
    : pointwise_backward_generator<max_pool_backward_generator, operation::max_pool,
                                   define_max_pool_backward> {};
struct local_response_norm_backward_generator
    : pointwise_backward_generator<local_response_norm_backward_generator, operation::local_response_norm,
                                   define_local_response_norm_backward> {};
struct adaptive_average_pool_backward_generator
    : pointwise_backward_generator<adaptive_average_pool_backward_generator, operation::adaptive_average_pool,
                                   define_adaptive_average_pool_backward> {};
struct adaptive_max_pool_backward_generator
    : pointwise_backward_generator<adaptive_max_pool_backward_generator, operation::adaptive_max_pool,
                                   define_adaptive_max_pool_backward> {};
struct flatten_backward_generator
    : pointwise_backward_generator<flatten_backward_generator, operation::flatten, define_flatten_backward> {
};
struct relu_backward_generator
    : pointwise_backward_generator<relu_backward_generator, operation::relu, define_relu_backward> {};
struct add_backward_generator
    : pointwise_backward_generator<add_backward_generator, operation::add, define_add_backward> {};

class dropout_generator : public kernel_generator<dropout_generator, pointwise_stages> {
public:
  Input<Buffer<float>> input{"input", 4}; // [c, x, y, n]
  Input<float> probability{"probability"};
  Input<std::uint32_t> seed_low{"seed_low"}, seed_high{"seed_high"}, step{"step"}, layer{"layer"};
  Output<Buffer<float>> output{"output", 4}; // [c, x, y, n]

  void generate() {
    const schedule_request r = request(operation::dropout);
    stages_.output.func = output;
    stages_.output.in_one = this->on_device();
    define_dropout(stages_, input, {probability, seed_low, seed_high, step, layer}, r.kernel);
    fix_input(input, r.kernel);
    fix_output(output, r.kernel);
  }

  void schedule() { apply_schedule(stages_, request(operation::dropout)); }

private:
  pointwise_stages stages_;
};

class dropout_backward_generator : public kernel_generator<dropout_backward_generator, pointwise_stages> {
public:
  Input<Buffer<float>> output_gradient{"output_gradient", 4}; // [c, x, y, n]
  Input<Buffer<float>> input{"input", 4};                     // [c, x, y, n]
  Input<float> probability{"probability"};
  Input<std::uint32_t> seed_low{"seed_low"}, seed_high{"seed_high"}, step{"step"}, layer{"layer"};
  Output<Buffer<float>> input_gradient{"input_gradient", 4}; // [c, x, y, n]

  void generate() {
    const schedule_request r = request(operation::dropout, direction::backward_data);
    stages_.output.func = input_gradient;
    stages_.output.in_one = this->on_device();
    define_dropout_backward(stages_, output_gradient, input, {probability, seed_low, seed_high, step, layer},
                            r.kernel);
    fix_output_gradient(output_gradient, r.kernel);
    fix_input(input, r.kernel);
    fix_input_gradient(input_gradient, r.kernel);
  }

  void schedule() {
    schedule_request r = request(operation::dropout, direction::backward_data);
    r.kernel = as_large_as_input(r.kernel);
    apply_schedule(stages_, r);
  }

private:
  pointwise_stages stages_;
};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::max_pool_backward_generator, max_pool_backward_data)
HALIDE_REGISTER_GENERATOR(vggen::local_response_norm_backward_generator, local_response_norm_backward_data)
HALIDE_REGISTER_GENERATOR(vggen::adaptive_average_pool_backward_generator,
                          adaptive_average_pool_backward_data)
HALIDE_REGISTER_GENERATOR(vggen::adaptive_max_pool_backward_generator, adaptive_max_pool_backward_data)
HALIDE_REGISTER_GENERATOR(vggen::flatten_backward_generator, flatten_backward_data)
HALIDE_REGISTER_GENERATOR(vggen::relu_backward_generator, relu_backward_data)
HALIDE_REGISTER_GENERATOR(vggen::add_backward_generator, add_backward_data)
HALIDE_REGISTER_GENERATOR(vggen::dropout_generator, dropout)
HALIDE_REGISTER_GENERATOR(vggen::dropout_backward_generator, dropout_backward_data)
