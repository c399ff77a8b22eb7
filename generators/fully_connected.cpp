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

Expr after_sum(const fully_connected_stages &s, const signature &kernel, const Expr &sum) {
  if (!kernel.relu) return sum;
  return s.on_device ? relu_on_device(sum) : relu(sum);
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
  s.output(s.k, s.x, s.y, s.n) = after_sum(s, kernel, s.sums(s.k, s.n));
}

void define_fully_connected_product(fully_connected_stages &s, const signature &kernel,
                                    const device_tiling &tiling) {
  device_product &p = s.device;
  p.by = tiling;
  p.row_count = kernel.outputs;
  p.column_count = kernel.batch;
  p.rows_along_sum = p.columns_along_sum = true;
  p.row_vector = p.column_vector = kernel.channels % 4 == 0 && tiling.steps % 4 == 0 ? 4 : 1;
  const int chunks = tiling.chunks_of(kernel.channels);
  const device_steps steps{kernel.channels, tiling.steps, chunks * tiling.parts};
  const auto rows = [&](const Expr &k, const Expr &chunk, const Expr &step) {
    const auto at = steps.at(chunk, step);
    return counted(at.counts, s.weights(at.index, k));
  };
  const auto columns = [&](const Expr &n, const Expr &chunk, const Expr &step) {
    const auto at = steps.at(chunk, step);
    return counted(at.counts, s.input(at.index, 0, 0, n));
  };
  const auto with_bias = [&](const Expr &k, const Expr &sum) {
    return after_sum(s, kernel, kernel.bias ? sum + s.bias(k) : sum);
  };
  if (tiling.parts == 1) {
    s.output(s.k, s.x, s.y, s.n) = Halide::undef<float>();
    p.output = s.output;
    p.define(chunks, rows, columns, [&](const Expr &k, const Expr &n, const Expr &, const auto &sum) {
      s.output(k, 0, 0, n) = with_bias(k, sum(0));
    });
    return;
  }
  s.parts = Halide::Func("parts");
  const Halide::Var part("part");
  s.parts(s.k, s.n, part) = Halide::undef<float>();
  p.output = s.parts;
  p.define(chunks, rows, columns, [&](const Expr &k, const Expr &n, const Expr &of, const auto &sum) {
    s.parts(k, n, of) = sum(0);
  });
  const RDom all(0, tiling.parts, "all_parts");
  s.output(s.k, s.x, s.y, s.n) = with_bias(s.k, Halide::sum(all, s.parts(s.k, s.n, all)));
}

} // namespace vggen
