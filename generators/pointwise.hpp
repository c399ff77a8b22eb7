// Operators that compute each output pixel by itself, from a few inputs: no stages but the output.
#pragma once

#include "image_output.hpp"

#include <vggen/net/signature.hpp>

#include <Halide.h>

namespace vggen {

struct pointwise_stages {
  image_output output;
};

/// 2x2 max-pool, stride 2; an odd row or column at the end is left out.
inline void define_max_pool(pointwise_stages &s, Halide::Func input, const signature &kernel) {
  using Halide::Expr;
  s.output.define(kernel, [&](Expr c, Expr x, Expr y, Expr n) {
    const auto at = [&](int dx, int dy) { return input(c, 2 * x + dx, 2 * y + dy, n); };
    return Halide::max(Halide::max(at(0, 0), at(1, 0)), Halide::max(at(0, 1), at(1, 1)));
  });
}

/// Local response normalisation across channels (Krizhevsky 2012, section 3.3, as Caffe and PyTorch compute
/// it):
///     output(c) = input(c) / (2 + 1e-4 / 5 * Σ over c-2 … c+2 of input²) ^ 0.75
namespace local_response {

constexpr int reach = 2;             // channels to either side
constexpr float share = 1e-4f / 5.f; // alpha / n

/// What is raised to a power: 2 + share * Σ input².
inline Halide::Expr scale(Halide::Func input, const signature &kernel, Halide::Expr c, Halide::Expr x,
                          Halide::Expr y, Halide::Expr n) {
  Halide::Expr sum = 0.f;
  for (int d = -reach; d <= reach; ++d) {
    const Halide::Expr value = input(Halide::clamp(c + d, 0, kernel.channels - 1), x, y, n);
    sum += Halide::select(c + d >= 0 && c + d < kernel.channels, value * value, 0.f);
  }
  return 2.f + share * sum;
}

/// scale ^ -0.75
inline Halide::Expr power(Halide::Expr scale) {
  const Halide::Expr root = Halide::sqrt(scale);
  return 1.f / (root * Halide::sqrt(root));
}

} // namespace local_response

inline void define_local_response_norm(pointwise_stages &s, Halide::Func input, const signature &kernel) {
  using Halide::Expr;
  s.output.define(kernel, [&](Expr c, Expr x, Expr y, Expr n) {
    return input(c, x, y, n) * local_response::power(local_response::scale(input, kernel, c, x, y, n));
  });
}

/// The features of an image as one vector in the order channel, row, column, as files of fully connected
/// weights expect them.
inline void define_flatten(pointwise_stages &s, Halide::Func input, const signature &kernel) {
  using Halide::Expr;
  const int width = kernel.width, area = kernel.width * kernel.height;
  s.output.define(
      kernel, [&](Expr i, Expr, Expr, Expr n) { return input(i / area, i % width, i % area / width, n); });
}

/// Images to the network's input: (pixel / divisor - mean) / deviation, each by channel of the output;
/// `reverse` exchanges the first and the last channel (RGB to BGR). constants: [c, {divisor, mean,
/// deviation}].
inline void define_preprocess(pointwise_stages &s, Halide::Func image, Halide::Func constants,
                              Halide::Expr reverse, const signature &kernel) {
  using Halide::Expr;
  const int last = kernel.channels - 1;
  s.output.define(kernel, [&](Expr c, Expr x, Expr y, Expr n) {
    const Expr source = Halide::clamp(Halide::select(reverse, last - c, c), 0, last);
    const Expr pixel = Halide::cast<float>(image(source, x, y, n));
    return (pixel / constants(c, 0) - constants(c, 1)) / constants(c, 2);
  });
}

} // namespace vggen
