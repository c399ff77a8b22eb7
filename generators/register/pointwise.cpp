// The generators of forward operators that are computed pixel by pixel: algorithms and schedules, joined.
#include "generators/pointwise.hpp"
#include "generators/adaptive_pool.hpp"
#include "generators/kernel_generator.hpp"

namespace vggen {

namespace {

using definition = void (*)(pointwise_stages &, Halide::Func, const signature &);

template <class Derived, operation Op, definition Define>
class pointwise_generator : public kernel_generator<Derived, pointwise_stages> {
public:
  Halide::GeneratorInput<Halide::Buffer<float>> input{"input", 4};    // [c, x, y, n]
  Halide::GeneratorOutput<Halide::Buffer<float>> output{"output", 4}; // [c, x, y, n]

  void generate() {
    const schedule_request r = this->request(Op);
    stages_.output.func = output;
    stages_.output.in_one = this->on_device();
    stages_.output.extents = extents_of(r.kernel, input, r.kernel.input_halo);
    Define(stages_, input, r.kernel);
    this->fix_input(input, r.kernel);
    this->fix_output(output, r.kernel, stages_.output.extents);
  }

  void schedule() { this->apply_schedule(stages_, this->request(Op)); }

private:
  pointwise_stages stages_;
};

struct max_pool_generator : pointwise_generator<max_pool_generator, operation::max_pool, define_max_pool> {};
struct local_response_norm_generator
    : pointwise_generator<local_response_norm_generator, operation::local_response_norm,
                          define_local_response_norm> {};
struct adaptive_average_pool_generator
    : pointwise_generator<adaptive_average_pool_generator, operation::adaptive_average_pool,
                          define_adaptive_average_pool> {};
struct adaptive_max_pool_generator
    : pointwise_generator<adaptive_max_pool_generator, operation::adaptive_max_pool,
                          define_adaptive_max_pool> {};
struct flatten_generator : pointwise_generator<flatten_generator, operation::flatten, define_flatten> {};

class preprocess_generator : public kernel_generator<preprocess_generator, pointwise_stages> {
public:
  Input<Buffer<std::uint8_t>> image{"image", 4};  // [c, x, y, n]
  Input<Buffer<float>> constants{"constants", 2}; // [c, {divisor, mean, deviation}]
  Input<std::int32_t> reverse{"reverse"};         // 0: no
  Output<Buffer<float>> output{"output", 4};      // [c, x, y, n]

  void generate() {
    const schedule_request r = request(operation::preprocess);
    const signature &s = r.kernel;
    stages_.output.func = output;
    stages_.output.in_one = this->on_device();
    stages_.output.extents = extents_of(s, image, false);
    define_preprocess(stages_, image, constants, reverse != 0, s);
    if (s.dynamic) {
      fix_dynamic_input(image, s.channels, s.width, s.height, s.batch, false);
      image.set_host_alignment(1); // bytes lie anywhere
    } else
      fix(image, {{0, s.channels}, {0, s.width}, {0, s.height}, {0, s.batch}});
    fix(constants, {{0, s.channels}, {0, 3}});
    reverse.set_estimate(0);
    fix_output(output, s, stages_.output.extents);
  }

  void schedule() { apply_schedule(stages_, request(operation::preprocess)); }

private:
  pointwise_stages stages_;
};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::max_pool_generator, max_pool)
HALIDE_REGISTER_GENERATOR(vggen::local_response_norm_generator, local_response_norm)
HALIDE_REGISTER_GENERATOR(vggen::adaptive_average_pool_generator, adaptive_average_pool)
HALIDE_REGISTER_GENERATOR(vggen::adaptive_max_pool_generator, adaptive_max_pool)
HALIDE_REGISTER_GENERATOR(vggen::flatten_generator, flatten)
HALIDE_REGISTER_GENERATOR(vggen::preprocess_generator, preprocess)
