// Softmax and cross-entropy against labels, and the gradient of the logits, image by image. With z the
// logits, t(c) = (1 - smoothing) [c = label] + smoothing / classes, and p = softmax(z):
//
//     loss(n)        = log Σ exp(z) - Σ t z
//     gradient(c, n) = weight * (p(c) - t(c))
//
// An image whose label is negative counts for nothing: its loss and its gradient are zero.
#pragma once

#include <vggen/net/signature.hpp>

#include <Halide.h>

namespace vggen {

struct cross_entropy_stages {
  Halide::Func logits; // [c, 1, 1, n]
  Halide::Func labels; // [n]
  Halide::Expr smoothing, weight;
  Halide::Func largest;      // [n]
  Halide::Func exponentials; // [c, n]
  Halide::Func total;        // [n]
  Halide::Func sum;          // [n]: of the logits less their largest
  Halide::Func loss;         // [n]
  Halide::Func gradient;     // [c, 1, 1, n]
  Halide::RDom channels;
  Halide::Var c{"c"}, x{"x"}, y{"y"}, n{"n"};
};

/// The algorithm. `stages` holds logits, labels, smoothing, weight, loss and gradient; the rest is made here.
inline void define_cross_entropy(cross_entropy_stages &s, const signature &kernel) {
  using Halide::Expr;
  s.channels = Halide::RDom(0, kernel.channels, "channels");
  s.largest = Halide::Func("largest");
  s.exponentials = Halide::Func("exponentials");
  s.total = Halide::Func("total");
  s.sum = Halide::Func("sum");
  s.largest(s.n) = s.logits(0, 0, 0, s.n);
  s.largest(s.n) = Halide::max(s.largest(s.n), s.logits(s.channels, 0, 0, s.n));
  s.exponentials(s.c, s.n) = Halide::exp(s.logits(s.c, 0, 0, s.n) - s.largest(s.n));
  s.total(s.n) = 0.f;
  s.total(s.n) += s.exponentials(s.channels, s.n);
  s.sum(s.n) = 0.f;
  s.sum(s.n) += s.logits(s.channels, 0, 0, s.n) - s.largest(s.n);
  const Expr label = s.labels(s.n), counts = label >= 0;
  const Expr of_label = s.logits(Halide::clamp(label, 0, kernel.channels - 1), 0, 0, s.n) - s.largest(s.n);
  const Expr share = s.smoothing / static_cast<float>(kernel.channels);
  s.loss(s.n) = Halide::select(
      counts, Halide::log(s.total(s.n)) - (1.f - s.smoothing) * of_label - share * s.sum(s.n), 0.f);
  const Expr target = share + Halide::select(s.c == label, 1.f - s.smoothing, 0.f);
  s.gradient(s.c, s.x, s.y, s.n) =
      Halide::select(counts, s.weight * (s.exponentials(s.c, s.n) / s.total(s.n) - target), 0.f);
}

} // namespace vggen
