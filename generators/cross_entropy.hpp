// Softmax and cross-entropy against labels, and the gradient of the logits, image by image. With z the
// logits, t(c) = (1 - smoothing) [c = label] + smoothing / classes, and p = softmax(z):
//
//     loss(n)        = log Σ exp(z) - Σ t z
//     gradient(c, n) = weight * (p(c) - t(c))
//
// An image whose label has nearly all of p has a loss and a gradient near zero, differences of numbers
// near 1. They are computed from what the other classes have, so that they keep their digits.
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
  Halide::Func others;       // [n]: the sum of all exponentials but the label's
  Halide::Func mean;         // [n]: of the logits less their largest
  Halide::Func loss;         // [n]
  Halide::Func gradient;     // [c, 1, 1, n]
  Halide::RDom channels;
  Halide::Var c{"c"}, x{"x"}, y{"y"}, n{"n"};
};

/// log(1 + x) of an x that is not negative, also where 1 + x is nearly 1: as 2 atanh(x / (2 + x)).
inline Halide::Expr log_of_one_plus(Halide::Expr x) {
  const Halide::Expr z = x / (2.f + x), square = z * z;
  const Halide::Expr series = 2.f * z * (1.f + square * (1.f / 3 + square * (1.f / 5 + square * (1.f / 7))));
  return Halide::select(x < 0.25f, series, Halide::log(1.f + x));
}

/// The algorithm. `stages` holds logits, labels, smoothing, weight, loss and gradient; the rest is made here.
inline void define_cross_entropy(cross_entropy_stages &s, const signature &kernel) {
  using Halide::Expr;
  s.channels = Halide::RDom(0, kernel.channels, "channels");
  s.largest = Halide::Func("largest");
  s.exponentials = Halide::Func("exponentials");
  s.others = Halide::Func("others");
  s.mean = Halide::Func("mean");
  s.largest(s.n) = s.logits(0, 0, 0, s.n);
  s.largest(s.n) = Halide::max(s.largest(s.n), s.logits(s.channels, 0, 0, s.n));
  s.exponentials(s.c, s.n) = Halide::exp(s.logits(s.c, 0, 0, s.n) - s.largest(s.n));
  const Expr label = s.labels(s.n), counts = label >= 0,
             known_label = Halide::clamp(label, 0, kernel.channels - 1);
  s.others(s.n) = 0.f;
  s.others(s.n) += Halide::select(s.channels == known_label, 0.f, s.exponentials(s.channels, s.n));
  // divided before they are added up: Halide turns a + (b - c) into (a + b) - c, which rounds at a's size
  s.mean(s.n) = 0.f;
  s.mean(s.n) +=
      (s.logits(s.channels, 0, 0, s.n) - s.largest(s.n)) * (1.f / static_cast<float>(kernel.channels));
  const Expr of_label = s.logits(known_label, 0, 0, s.n) - s.largest(s.n);
  const Expr share = s.smoothing / static_cast<float>(kernel.channels), others = s.others(s.n);
  const Expr exponential = s.exponentials(known_label, s.n), total = others + exponential;
  // the largest logit's exponential is 1
  const Expr log_total = Halide::select(of_label < 0.f, Halide::log(total), log_of_one_plus(others));
  s.loss(s.n) =
      Halide::select(counts, log_total - (1.f - s.smoothing) * of_label - s.smoothing * s.mean(s.n), 0.f);
  // p - t; of a label with most of p, where p is 1 - others / total, without the ones
  const Expr p = s.exponentials(s.c, s.n) / total;
  const Expr of_likely = s.smoothing - others / total, of_unlikely = p - (1.f - s.smoothing);
  const Expr difference =
      Halide::select(s.c != known_label, p, others < exponential, of_likely, of_unlikely) - share;
  s.gradient(s.c, s.x, s.y, s.n) = Halide::select(counts, s.weight * difference, 0.f);
}

} // namespace vggen
