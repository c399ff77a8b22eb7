// One step of stochastic gradient descent with momentum and an L2 penalty, as PyTorch has it:
//
//     d        = scale * gradient + decay * value
//     momentum = rate_of_momentum * momentum + d
//     value   -= learning_rate * momentum                              (nesterov: d + rate_of_momentum *
//     momentum)
//
// Values and momenta are changed in place. The number of parameters is known when the kernel runs, not
// before.
#pragma once

#include <Halide.h>

namespace vggen {

struct sgd_stages {
  Halide::Func gradient; // [i]
  Halide::Expr learning_rate, momentum, decay, scale, nesterov;
  Halide::Func updated; // [i]: {value, momentum}
  Halide::Var i{"i"};
};

/// The algorithm. `stages` holds the inputs and `updated`.
inline void define_sgd(sgd_stages &s) {
  using Halide::Expr;
  const auto i = s.i;
  s.updated(i) = Halide::Tuple(Halide::undef<float>(), Halide::undef<float>());
  const Expr value = s.updated(i)[0], old = s.updated(i)[1];
  const Expr d = s.scale * s.gradient(i) + s.decay * value;
  const Expr velocity = s.momentum * old + d;
  const Expr step = Halide::select(s.nesterov, d + s.momentum * velocity, velocity);
  s.updated(i) = Halide::Tuple(value - s.learning_rate * step, velocity);
}

} // namespace vggen
