#include "fully_connected.hpp"
#include "relu.hpp"

using Halide::Expr;
using Halide::RDom;

namespace vggen {

void define_fully_connected(fully_connected_stages &s, const signature &kernel, int lanes) {
  const int whole = kernel.channels / lanes, rest = kernel.channels % lanes;
  s.partial = Halide::Func("partial");
  s.sums = Halide::Func("sums");
  s.steps = RDom(0, whole, "steps");
  s.lane_sum = RDom(0, lanes, "lane_sum");
  s.has_rest = rest > 0;

  const Expr i = s.steps * lanes + s.lane;
  s.partial(s.lane, s.k, s.n) = 0.f;
  s.partial(s.lane, s.k, s.n) += s.input(i, 0, 0, s.n) * s.weights(i, s.k);

  s.sums(s.k, s.n) = kernel.bias ? s.bias(s.k) : Expr(0.f);
  s.sums(s.k, s.n) += s.partial(s.lane_sum, s.k, s.n);
  if (s.has_rest) {
    const RDom r(whole * lanes, rest, "rest");
    s.sums(s.k, s.n) += s.input(r, 0, 0, s.n) * s.weights(r, s.k);
  }
  s.output(s.k, s.x, s.y, s.n) = kernel.relu ? relu(s.sums(s.k, s.n)) : s.sums(s.k, s.n);
}

} // namespace vggen
