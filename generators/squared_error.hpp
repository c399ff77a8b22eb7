// Half the squared Euclidean distance of a network's outputs to targets, and the outputs' gradient, image by
// image: the loss of a network that finds boxes. There are as many outputs o as numbers in a target t, or as
// many for each class, of which those of the image's label count. With f the first of them:
//
//     loss(n)        = Σ (o(f + i) - t(i))² / 2
//     gradient(c, n) = weight * (o(c) - t(c - f)), of the others 0
//
// An image whose label is negative counts for nothing: its loss and its gradient are zero.
#pragma once

#include <vggen/net/signature.hpp>

#include <Halide.h>

namespace vggen {

struct squared_error_stages {
  Halide::Func values;  // [c, 1, 1, n]: the outputs
  Halide::Func targets; // [i, n]
  Halide::Func labels;  // [n]
  Halide::Expr weight;
  Halide::Func sum;      // [n]: of the squares
  Halide::Func loss;     // [n]
  Halide::Func gradient; // [c, 1, 1, n]
  Halide::RDom numbers;
  Halide::Var c{"c"}, x{"x"}, y{"y"}, n{"n"};
};

/// The algorithm. `stages` holds values, targets, labels, weight, loss and gradient; the rest is made here.
inline void define_squared_error(squared_error_stages &s, const signature &kernel) {
  using Halide::Expr;
  const int numbers = kernel.outputs, groups = kernel.channels / kernel.outputs;
  s.numbers = Halide::RDom(0, numbers, "numbers");
  s.sum = Halide::Func("sum");
  const Expr label = s.labels(s.n), counts = label >= 0;
  const Expr first = groups == 1 ? Expr(0) : Halide::clamp(label, 0, groups - 1) * numbers;
  const Expr difference = s.values(Halide::clamp(first + s.numbers, 0, kernel.channels - 1), 0, 0, s.n) -
                          s.targets(s.numbers, s.n);
  s.sum(s.n) = 0.f;
  s.sum(s.n) += difference * difference;
  s.loss(s.n) = Halide::select(counts, 0.5f * s.sum(s.n), 0.f);
  const Expr number = s.c - first;
  const Expr target = s.targets(Halide::clamp(number, 0, numbers - 1), s.n);
  s.gradient(s.c, s.x, s.y, s.n) = Halide::select(counts && number >= 0 && number < numbers,
                                                  s.weight * (s.values(s.c, 0, 0, s.n) - target), 0.f);
}

} // namespace vggen
