// Softmax over channels, at each pixel: exp(x - max) / Σ exp(x - max).
#pragma once

#include <vggen/net/signature.hpp>

#include <Halide.h>

namespace vggen {

struct softmax_stages {
  Halide::Func input;        // [c, x, y, n]
  Halide::Func largest;      // [x, y, n]
  Halide::Func exponentials; // [c, x, y, n]
  Halide::Func total;        // [x, y, n]
  Halide::Func output;       // [c, x, y, n]
  Halide::RDom channels;
  Halide::Var c{"c"}, x{"x"}, y{"y"}, n{"n"};
};

/// The algorithm. `stages` holds input; the rest is made here.
inline void define_softmax(softmax_stages &s, const signature &kernel) {
  s.channels = Halide::RDom(0, kernel.channels, "channels");
  s.largest = Halide::Func("largest");
  s.exponentials = Halide::Func("exponentials");
  s.total = Halide::Func("total");
  s.largest(s.x, s.y, s.n) = s.input(0, s.x, s.y, s.n);
  s.largest(s.x, s.y, s.n) = Halide::max(s.largest(s.x, s.y, s.n), s.input(s.channels, s.x, s.y, s.n));
  s.exponentials(s.c, s.x, s.y, s.n) = Halide::exp(s.input(s.c, s.x, s.y, s.n) - s.largest(s.x, s.y, s.n));
  s.total(s.x, s.y, s.n) = 0.f;
  s.total(s.x, s.y, s.n) += s.exponentials(s.channels, s.x, s.y, s.n);
  s.output(s.c, s.x, s.y, s.n) = s.exponentials(s.c, s.x, s.y, s.n) / s.total(s.x, s.y, s.n);
}

} // namespace vggen
