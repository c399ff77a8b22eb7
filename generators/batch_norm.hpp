// Batch normalisation by the statistics of the batch (Ioffe and Szegedy 2015), and its gradients. With x the
// input, N the number of pixels of the images that count, and all of it channel by channel:
//
//     mean           = Σ x / N
//     variance       = Σ (x - mean)² / N
//     xhat           = (x - mean) / sqrt(variance + epsilon)
//     output         = scale xhat + shift
//     scale_gradient = Σ gradient xhat
//     shift_gradient = Σ gradient
//     input_gradient = scale / sqrt(variance + epsilon)
//                      (gradient - shift_gradient / N - xhat scale_gradient / N)
//
// The variance is of the differences to the mean, in a pass of its own: a sum of squares less the mean's
// square would lose the digits of a channel whose mean is large beside its deviation. Images that do not
// count (the end of a batch that is not full) are normalised like the others, and have no part in any sum.
#pragma once

#include "backward.hpp"
#include "image_output.hpp"

#include <vggen/net/batch_norm.hpp>
#include <vggen/net/signature.hpp>

#include <Halide.h>

#include <functional>
#include <string>
#include <vector>

namespace vggen {

/// Represents the sum of a value over all pixels of the images that count, channel by channel: first along
/// rows, then along columns, then over images, so that no sum is a long one.
struct channel_sum {
  Halide::Func rows;   // [c, y, n]
  Halide::Func images; // [c, n]
  Halide::Func total;  // [c]
  Halide::RDom row, column, batch;
  bool on_device = false; ///< each sum is made by one thread, in one launch
  Halide::Var c{"c"}, y{"y"}, n{"n"};

  [[nodiscard]] bool defined() const { return total.defined(); }

  /// Sums value(c, x, y, n).
  template <class Value>
  void define(const std::string &name, const signature &kernel, const Halide::Expr &counted, Value value) {
    row = Halide::RDom(0, kernel.width, name + "_row");
    column = Halide::RDom(0, kernel.height, name + "_column");
    batch = Halide::RDom(0, kernel.batch, name + "_batch");
    rows = Halide::Func(name + "_rows");
    images = Halide::Func(name + "_images");
    total = Halide::Func(name + "_total");
    if (on_device) {
      rows(c, y, n) =
          Halide::sum(row, value(c, Halide::Expr(row), Halide::Expr(y), Halide::Expr(n)), name + "_of_row");
      images(c, n) = Halide::sum(column, rows(c, column, n), name + "_of_image");
      total(c) = Halide::sum(batch, Halide::select(batch < counted, images(c, batch), 0.f), name + "_of_all");
      return;
    }
    rows(c, y, n) = 0.f;
    rows(c, y, n) += value(c, Halide::Expr(row), Halide::Expr(y), Halide::Expr(n));
    images(c, n) = 0.f;
    images(c, n) += rows(c, column, n);
    total(c) = 0.f;
    total(c) += Halide::select(batch < counted, images(c, batch), 0.f);
  }
};

struct batch_norm_stages {
  channel_sum first, second; ///< forward: Σ x, Σ (x - mean)²; backward-weights: Σ gradient, Σ gradient xhat
  Halide::Func mean;         // [c]
  Halide::Func inverse;      // [c]: 1 / sqrt(variance + epsilon)
  std::vector<Halide::Func> gradients; // [c]: outputs of backward-weights
  Halide::Func vectors; // [c], or [c, 2]: the output that is no image; undefined in backward-data
  image_output output;  // [c, x, y, n]; undefined in backward-weights
};

/// What the kernels of a batch norm read.
struct batch_norm_inputs {
  Halide::Func input{};                            // [c, x, y, n]
  Halide::Func output_gradient{};                  // [c, x, y, n]
  Halide::Func scale{}, shift{};                   // [c]
  Halide::Func statistics{};                       // [c, {mean, variance}]
  Halide::Func scale_gradient{}, shift_gradient{}; // [c]
  Halide::Expr images{};                           ///< int: the first so many count
};

namespace detail {

inline Halide::Expr pixels_of(const signature &kernel, const Halide::Expr &images) {
  return Halide::cast<float>(images * (kernel.width * kernel.height));
}

inline Halide::Expr inverse_deviation(const Halide::Expr &variance) {
  return 1.f / Halide::sqrt(variance + batch_norm_epsilon);
}

/// mean(c) and inverse(c) of the statistics that a forward kernel left.
inline void define_moments(batch_norm_stages &s, const batch_norm_inputs &in) {
  const Halide::Var &c = s.first.c;
  s.mean = Halide::Func("mean");
  s.inverse = Halide::Func("inverse");
  s.mean(c) = in.statistics(c, 0);
  s.inverse(c) = inverse_deviation(in.statistics(c, 1));
}

} // namespace detail

/// `vectors` are the statistics, [c, {mean, variance}].
inline void define_batch_norm(batch_norm_stages &s, const batch_norm_inputs &in, const signature &kernel) {
  using Halide::Expr;
  const Halide::Var &c = s.first.c;
  const Expr pixels = detail::pixels_of(kernel, in.images);
  s.first.define("sum", kernel, in.images,
                 [&](Expr k, Expr x, Expr y, Expr n) { return in.input(k, x, y, n); });
  s.mean = Halide::Func("mean");
  s.mean(c) = s.first.total(c) / pixels;
  s.second.define("square", kernel, in.images, [&](Expr k, Expr x, Expr y, Expr n) {
    const Expr difference = in.input(k, x, y, n) - s.mean(k);
    return difference * difference;
  });
  s.inverse = Halide::Func("inverse");
  s.inverse(c) = detail::inverse_deviation(s.second.total(c) / pixels);
  const Halide::Var moment{"moment"};
  s.vectors(c, moment) = Halide::select(moment == 0, s.mean(c), s.second.total(c) / pixels);
  s.output.define(kernel, [&](Expr k, Expr x, Expr y, Expr n) {
    const Expr value = (in.input(k, x, y, n) - s.mean(k)) * (s.inverse(k) * in.scale(k)) + in.shift(k);
    return kernel.relu ? Halide::max(value, 0.f) : value;
  });
}

/// Backward to the parameters. The output's gradient is zero in images that do not count.
inline void define_batch_norm_weights(batch_norm_stages &s, const batch_norm_inputs &in,
                                      Halide::Func scale_gradient, Halide::Func shift_gradient,
                                      const signature &kernel) {
  using Halide::Expr;
  const Halide::Var &c = s.first.c;
  detail::define_moments(s, in);
  s.first.define("gradient", kernel, in.images,
                 [&](Expr k, Expr x, Expr y, Expr n) { return in.output_gradient(k, x, y, n); });
  s.second.define("product", kernel, in.images, [&](Expr k, Expr x, Expr y, Expr n) {
    return in.output_gradient(k, x, y, n) * ((in.input(k, x, y, n) - s.mean(k)) * s.inverse(k));
  });
  scale_gradient(c) = s.second.total(c);
  shift_gradient(c) = s.first.total(c);
}

/// Backward to the input.
inline void define_batch_norm_backward(batch_norm_stages &s, const batch_norm_inputs &in,
                                       const signature &kernel) {
  using Halide::Expr;
  detail::define_moments(s, in);
  const Expr pixels = detail::pixels_of(kernel, in.images);
  s.output.define(as_large_as_input(kernel), [&](Expr k, Expr x, Expr y, Expr n) {
    const Expr value = in.input(k, x, y, n), normalised = (value - s.mean(k)) * s.inverse(k);
    const Expr rest = (in.shift_gradient(k) + normalised * in.scale_gradient(k)) / pixels;
    const Expr gradient = in.scale(k) * s.inverse(k) * (in.output_gradient(k, x, y, n) - rest);
    return through_relu(kernel, value, Halide::select(n < in.images, gradient, 0.f));
  });
}

} // namespace vggen
