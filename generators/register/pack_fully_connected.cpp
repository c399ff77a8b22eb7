// The generator pack_fully_connected: a fully connected layer's weights in bfloat16, two in a word.
#include "generators/bf16_rows.hpp"
#include "generators/signature_parameters.hpp"

#include <Halide.h>

#include <cstdint>

namespace vggen {

namespace {

using Halide::Expr;

// The upper 16 bits of the nearest float that has no others; of two the even one. Infinities stay what they
// are, and what is no number stays so: the bit that is set is one of its own.
Expr bf16_of(const Expr &value) {
  const Expr bits = Halide::reinterpret<std::uint32_t>(value);
  const Expr above = bits >> 16;
  const Expr is_nan = (bits & Expr(0x7fffffffu)) > Expr(0x7f800000u);
  return select(is_nan, above | Expr(0x40u), (bits + Expr(0x7fffu) + (above & Expr(1u))) >> 16);
}

/// Packs rows of weights, any number of them in a call.
class pack_fully_connected : public Halide::Generator<pack_fully_connected>, signature_parameters {
public:
  Halide::GeneratorParam<int> lanes{"lanes", 1};
  Halide::GeneratorInput<Halide::Buffer<float>> weights{"weights", 2}; // [i, k]
  Halide::GeneratorOutput<Halide::Buffer<float>> packed{"packed", 2};  // [word, k]

  void generate() {
    const bf16_rows rows({.channels = channels, .outputs = outputs}, {.bf16_lanes = lanes});
    const Expr first = word_ / rows.lanes * (2 * rows.lanes) + word_ % rows.lanes; // of the word's two inputs
    const auto half = [&](const Expr &i) {
      return select(likely(i < rows.channels), bf16_of(weights(min(likely(i), rows.channels - 1), k_)),
                    Expr(0u));
    };
    packed(word_, k_) = Halide::reinterpret<float>(half(first) | (half(first + rows.lanes) << 16));
    weights.dim(0).set_bounds(0, rows.channels);
    weights.dim(1).set_stride(rows.channels);
    packed.dim(0).set_bounds(0, rows.words());
    packed.dim(1).set_stride(rows.words());
  }

  void schedule() {
    const int width = lanes;
    Halide::Var vector{"vector"}, lane{"lane"};
    Halide::Func(packed)
        .split(word_, vector, lane, width)
        .vectorize(lane)
        .parallel(k_, rows_in_task, Halide::TailStrategy::GuardWithIf);
  }

private:
  static constexpr int rows_in_task = 16;
  Halide::Var word_{"word"}, k_{"k"};
};

} // namespace

} // namespace vggen

HALIDE_REGISTER_GENERATOR(vggen::pack_fully_connected, pack_fully_connected)
