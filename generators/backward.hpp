// Gradients that are computed pixel by pixel, and dropout. A kernel whose input came out of a relu also
// undoes it: `through_relu`.
#pragma once

#include "philox.hpp"
#include "pointwise.hpp"

namespace vggen {

/// The gradient of what went into the relu, if the kernel's input came out of one.
inline Halide::Expr through_relu(const signature &kernel, Halide::Expr input, Halide::Expr gradient) {
  return kernel.relu ? Halide::select(input > 0.f, gradient, 0.f) : gradient;
}

/// An output as large as the layer's input: what image_output lays out for backward-data.
inline signature as_large_as_input(const signature &kernel) {
  return {.op = operation::preprocess, // any that keeps its input's extents
          .batch = kernel.batch,
          .height = kernel.height,
          .width = kernel.width,
          .channels = kernel.channels,
          .output_halo = kernel.output_halo};
}

/// Of 2x2 max-pool: the first of the largest, in the order of rows, takes the gradient of the window, as in
/// PyTorch; an odd row or column at the end takes none.
inline void define_max_pool_backward(pointwise_stages &s, Halide::Func output_gradient, Halide::Func input,
                                     const signature &kernel) {
  using Halide::Expr;
  const int width = kernel.width / 2, height = kernel.height / 2;
  s.output.define(as_large_as_input(kernel), [&](Expr c, Expr x, Expr y, Expr n) {
    const Expr value = input(c, x, y, n), place = x % 2 + 2 * (y % 2);
    const Expr wx = Halide::clamp(x / 2, 0, width - 1), wy = Halide::clamp(y / 2, 0, height - 1);
    Expr chosen = x < 2 * width && y < 2 * height;
    for (int q = 0; q < 4; ++q) {
      const Expr other = input(c, 2 * wx + q % 2, 2 * wy + q / 2, n);
      chosen = chosen && Halide::select(q < place, other < value, other <= value);
    }
    return through_relu(kernel, value, Halide::select(chosen, output_gradient(c, wx, wy, n), 0.f));
  });
}

/// Of local response normalisation: with s(c) = 2 + share * Σ input² and g the output's gradient,
///     g(c) s(c)^-0.75 - 2 * 0.75 * share * input(c) * Σ over c-2 … c+2 of g input s^-1.75
inline void define_local_response_norm_backward(pointwise_stages &s, Halide::Func output_gradient,
                                                Halide::Func input, const signature &kernel) {
  using Halide::Expr;
  s.output.define(as_large_as_input(kernel), [&](Expr c, Expr x, Expr y, Expr n) {
    Expr sum = 0.f;
    for (int d = -local_response::reach; d <= local_response::reach; ++d) {
      const Expr at = Halide::clamp(c + d, 0, kernel.channels - 1);
      const Expr scale = local_response::scale(input, kernel, at, x, y, n);
      const Expr term =
          output_gradient(at, x, y, n) * input(at, x, y, n) * local_response::power(scale) / scale;
      sum += Halide::select(c + d >= 0 && c + d < kernel.channels, term, 0.f);
    }
    const Expr direct =
        output_gradient(c, x, y, n) * local_response::power(local_response::scale(input, kernel, c, x, y, n));
    return through_relu(kernel, input(c, x, y, n),
                        direct - 2.f * 0.75f * local_response::share * input(c, x, y, n) * sum);
  });
}

inline void define_flatten_backward(pointwise_stages &s, Halide::Func output_gradient, Halide::Func input,
                                    const signature &kernel) {
  using Halide::Expr;
  const int width = kernel.width, area = kernel.width * kernel.height;
  s.output.define(as_large_as_input(kernel), [&](Expr c, Expr x, Expr y, Expr n) {
    return through_relu(kernel, input(c, x, y, n), output_gradient(c * area + y * width + x, 0, 0, n));
  });
}

/// Of a relu by itself (or of nothing: a copy).
inline void define_relu_backward(pointwise_stages &s, Halide::Func output_gradient, Halide::Func input,
                                 const signature &kernel) {
  using Halide::Expr;
  s.output.define(as_large_as_input(kernel), [&](Expr c, Expr x, Expr y, Expr n) {
    return through_relu(kernel, input(c, x, y, n), output_gradient(c, x, y, n));
  });
}

/// The sum of two gradients of one tensor.
inline void define_add_backward(pointwise_stages &s, Halide::Func output_gradient, Halide::Func input,
                                const signature &kernel) {
  using Halide::Expr;
  s.output.define(as_large_as_input(kernel), [&](Expr c, Expr x, Expr y, Expr n) {
    return output_gradient(c, x, y, n) + input(c, x, y, n);
  });
}

/// What a dropout kernel is told at run time. Element e of the batch [c, x, y, n] is dropped if the number
/// u(e) in [0, 1) is below the probability; what stays is multiplied by 1 / (1 - probability).
struct dropout_arguments {
  Halide::Expr probability;         ///< float
  Halide::Expr seed_low, seed_high; ///< uint32
  Halide::Expr step, layer;         ///< uint32
};

/// The factor of an element: 0 or 1 / (1 - probability). u is word e % 4 of Philox(key = seed, counter = (e /
/// 4, step, layer, random_stream::dropout)), of which the upper 24 bits count.
inline Halide::Expr dropout_factor(const signature &kernel, const dropout_arguments &a, Halide::Expr c,
                                   Halide::Expr x, Halide::Expr y, Halide::Expr n) {
  using Halide::Expr;
  constexpr std::uint32_t stream = 2; // random_stream::dropout
  const Expr element =
      Halide::cast<std::uint32_t>(((n * kernel.height + y) * kernel.width + x) * kernel.channels + c);
  const auto words = philox({a.seed_low, a.seed_high},
                            {element / 4, a.step, a.layer, Halide::cast<std::uint32_t>(Expr(stream))});
  const Expr lane = element % 4;
  const Expr word = Halide::select(lane == 0, words[0], lane == 1, words[1], lane == 2, words[2], words[3]);
  const Expr u = Halide::cast<float>(word >> 8) * 0x1p-24f;
  return Halide::select(u < a.probability, 0.f, 1.f / (1.f - a.probability));
}

inline void define_dropout(pointwise_stages &s, Halide::Func input, const dropout_arguments &arguments,
                           const signature &kernel) {
  using Halide::Expr;
  s.output.define(kernel, [&](Expr c, Expr x, Expr y, Expr n) {
    return input(c, x, y, n) * dropout_factor(kernel, arguments, c, x, y, n);
  });
}

inline void define_dropout_backward(pointwise_stages &s, Halide::Func output_gradient, Halide::Func input,
                                    const dropout_arguments &arguments, const signature &kernel) {
  using Halide::Expr;
  s.output.define(as_large_as_input(kernel), [&](Expr c, Expr x, Expr y, Expr n) {
    const Expr gradient = output_gradient(c, x, y, n) * dropout_factor(kernel, arguments, c, x, y, n);
    return through_relu(kernel, input(c, x, y, n), gradient);
  });
}

} // namespace vggen
