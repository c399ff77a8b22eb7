// The generators conv3x3, conv1x1 and conv: algorithm and schedules of convolutions, joined.
#include "generators/conv.hpp"
#include "generators/kernel_generator.hpp"
#include "generators/packing.hpp"

namespace vggen {

namespace {

template <class Derived, operation Op>
class convolution_generator : public kernel_generator<Derived, conv_stages> {
public:
  Halide::GeneratorInput<Halide::Buffer<float>> input{"input", 4};             // [c, x, y, n]
  Halide::GeneratorInput<Halide::Buffer<float>> weights{"weights", 1};         // packed, see packing.hpp
  Halide::GeneratorInput<Halide::Buffer<float>> bias_values{"bias_values", 1}; // [k]
  Halide::GeneratorOutput<Halide::Buffer<float>> output{"output", 4};          // [k, x, y, n]

  void generate() {
    const schedule_request r = this->request(Op);
    const auto &chosen = this->chosen();
    const int panel = chosen.panel ? chosen.panel(r) : r.kernel.outputs;
    const auto value = [&](const char *name) {
      const auto found = r.parameters.find(name);
      return found == r.parameters.end() ? 0 : found->second;
    };
    const weight_panels packed(r.kernel, panel);

    Halide::Var k, ci, kx, ky, p;
    stages_.weights = Halide::Func("packed_weights");
    stages_.weights(k, ci, kx, ky, p) = weights(packed.index(k, ci, kx, ky, p));
    stages_.input = input;
    stages_.bias = bias_values;
    stages_.output = output;
    define_convolution(stages_, r.kernel, {panel, value("pixels"), value("panels_outside") != 0});

    this->fix_input(input, r.kernel);
    this->fix_output(output, r.kernel);
    this->fix(weights, {{0, Halide::Internal::make_const(Halide::Int(32), packed.size())}});
    weights.set_host_alignment(64);
    this->fix(bias_values, {{0, r.kernel.outputs}});
  }

  void schedule() { this->apply_schedule(stages_, this->request(Op)); }

private:
  conv_stages stages_;
};

struct conv3x3_generator : convolution_generator<conv3x3_generator, operation::conv3x3> {};
struct conv1x1_generator : convolution_generator<conv1x1_generator, operation::conv1x1> {};
struct conv_generator : convolution_generator<conv_generator, operation::conv> {};

/// Packs a convolution's weights into panels.
class pack_convolution : public Halide::Generator<pack_convolution>, signature_parameters {
public:
  Halide::GeneratorParam<int> panel{"panel", 1};
  Halide::GeneratorInput<Halide::Buffer<float>> weights{"weights", 4}; // [kx, ky, ci, k]
  Halide::GeneratorOutput<Halide::Buffer<float>> packed{"packed", 1};

  void generate() {
    const signature kernel{.op = operation::conv,
                           .channels = channels,
                           .outputs = outputs,
                           .filter_height = filter_height,
                           .filter_width = filter_width};
    const weight_panels panels(kernel, panel);
    const int last = panels.outputs - panels.panel, size = panels.panel;
    const Halide::RDom r(
        {{0, panels.inputs}, {0, size}, {0, panels.width}, {0, panels.height}, {0, panels.panels()}});
    Halide::Var i;
    packed(i) = Halide::undef<float>();
    packed(panels.index(r[1], r[0], r[2], r[3], r[4])) =
        weights(r[2], r[3], r[0], Halide::min(r[4] * size, last) + r[1]);
    const Halide::Region bounds{
        {0, panels.width}, {0, panels.height}, {0, panels.inputs}, {0, panels.outputs}};
    Halide::Expr stride = 1;
    for (int d = 0; d < 4; ++d) {
      const auto &range = bounds[static_cast<std::size_t>(d)];
      weights.dim(d).set_bounds(range.min, range.extent).set_stride(Halide::Internal::simplify(stride));
      stride *= range.extent;
    }
    packed.dim(0).set_bounds(0, Halide::Internal::make_const(Halide::Int(32), panels.size()));
  }

  void schedule() {}
};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::conv3x3_generator, conv3x3)
HALIDE_REGISTER_GENERATOR(vggen::conv1x1_generator, conv1x1)
HALIDE_REGISTER_GENERATOR(vggen::conv_generator, conv)
HALIDE_REGISTER_GENERATOR(vggen::pack_convolution, pack_convolution)
