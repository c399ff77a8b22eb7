#include "fully_connected.hpp"
#include "relu.hpp"

using Halide::Expr;
using Halide::RDom;

namespace vggen {

namespace {

// The float whose upper 16 bits are one half of a word, 0 the low one. What is below them is zero.
Expr bf16_half(const Expr &word, const Expr &half) {
  const Expr bits = Halide::reinterpret<std::uint32_t>(word);
  return Halide::reinterpret<float>(select(half == 0, bits << 16, bits & Expr(0xffff0000u)));
}

} // namespace

void define_fully_connected(fully_connected_stages &s, const signature &kernel, int lanes, bool bf16) {
  const int halves = bf16 ? 2 : 1, block = lanes * halves; // inputs to a vector of words
  const int whole = kernel.channels / block, rest = kernel.channels % block;
  s.partial = Halide::Func("partial");
  s.sums = Halide::Func("sums");
  s.steps = RDom(0, whole, "steps");
  s.lane_sum = RDom(0, lanes, "lane_sum");
  s.has_rest = rest > 0;
  const auto product = [&](const Expr &b, const Expr &half, const Expr &lane) {
    const Expr word = s.weights(b * lanes + lane, s.k);
    return s.input(b * block + half * lanes + lane, 0, 0, s.n) * (bf16 ? bf16_half(word, half) : word);
  };

  s.partial(s.lane, s.k, s.n) = 0.f;
  Expr sum = s.partial(s.lane, s.k, s.n);
  for (int half = 0; half < halves; ++half)
    sum += product(s.steps, half, s.lane);
  s.partial(s.lane, s.k, s.n) = sum;

  s.sums(s.k, s.n) = kernel.bias ? s.bias(s.k) : Expr(0.f);
  s.sums(s.k, s.n) += s.partial(s.lane_sum, s.k, s.n);
  if (s.has_rest) {
    const RDom r(0, rest, "rest");
    s.sums(s.k, s.n) += product(whole, r / lanes, r % lanes);
  }
  s.output(s.k, s.x, s.y, s.n) = kernel.relu ? relu(s.sums(s.k, s.n)) : s.sums(s.k, s.n);
}

} // namespace vggen
