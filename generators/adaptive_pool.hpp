// Adaptive pools and their gradients: output pixel i of N along an extent E is computed from the input's
// pixels floor(i E / N) up to ceil((i + 1) E / N), as PyTorch has it. Windows may overlap, and repeat where
// the output is the larger one.
#pragma once

#include "backward.hpp"
#include "pointwise.hpp"

#include <algorithm>
#include <string>

namespace vggen {

/// Represents the windows along one dimension.
struct adaptive_windows {
  Halide::Expr extent; ///< of the input
  int outputs = 1;     ///< of the output
  int most = 1;        ///< that `extent` can be; it is that unless it is dynamic

  [[nodiscard]] Halide::Expr begin(const Halide::Expr &i) const { return i * extent / outputs; }
  [[nodiscard]] Halide::Expr end(const Halide::Expr &i) const {
    return ((i + 1) * extent + outputs - 1) / outputs;
  }
  /// The first window that a pixel is in: the first whose end is past it.
  [[nodiscard]] Halide::Expr first_with(const Halide::Expr &pixel) const { return pixel * outputs / extent; }

  /// Pixels in the largest window; where the extent is dynamic, one more than are in some.
  [[nodiscard]] Halide::Expr largest() const {
    if (!Halide::Internal::is_const(extent)) return Halide::min((extent + outputs - 1) / outputs + 1, extent);
    int pixels = 1;
    for (int i = 0; i < outputs; ++i)
      pixels = std::max(pixels, ((i + 1) * most + outputs - 1) / outputs - i * most / outputs);
    return pixels;
  }
  /// Windows that the pixel in most of them is in.
  [[nodiscard]] int most_with() const {
    int windows = 1;
    for (int pixel = 0; pixel < most; ++pixel) {
      int end = pixel * outputs / most;
      while (end < outputs && end * most / outputs <= pixel)
        ++end;
      windows = std::max(windows, end - pixel * outputs / most);
    }
    return windows;
  }
  [[nodiscard]] Halide::Expr inside(const Halide::Expr &i, const Halide::Expr &pixel) const {
    return begin(i) <= pixel && pixel < end(i);
  }
  [[nodiscard]] Halide::Expr clamped(const Halide::Expr &pixel) const {
    return Halide::clamp(pixel, 0, extent - 1);
  }
  [[nodiscard]] Halide::Expr clamped_output(const Halide::Expr &i) const {
    return Halide::clamp(i, 0, outputs - 1);
  }
};

inline adaptive_windows columns_of(const signature &kernel, const image_extents &extents = {}) {
  return {extents.defined() ? extents.width : kernel.width, kernel.filter_width, kernel.width};
}
inline adaptive_windows rows_of(const signature &kernel, const image_extents &extents = {}) {
  return {extents.defined() ? extents.height : kernel.height, kernel.filter_height, kernel.height};
}

inline void define_adaptive_average_pool(pointwise_stages &s, Halide::Func input, const signature &kernel) {
  using Halide::Expr;
  const adaptive_windows columns = columns_of(kernel, s.output.extents),
                         rows = rows_of(kernel, s.output.extents);
  const Halide::RDom window(0, columns.largest(), 0, rows.largest(), "window");
  s.output.define(kernel, [&](Expr c, Expr x, Expr y, Expr n) {
    const Expr column = columns.begin(x) + window.x, row = rows.begin(y) + window.y;
    const Expr value = Halide::select(columns.inside(x, column) && rows.inside(y, row),
                                      input(c, columns.clamped(column), rows.clamped(row), n), 0.f);
    const Expr area = (columns.end(x) - columns.begin(x)) * (rows.end(y) - rows.begin(y));
    return Halide::sum(window, value, "window_sum") / Halide::cast<float>(area);
  });
}

inline void define_adaptive_max_pool(pointwise_stages &s, Halide::Func input, const signature &kernel) {
  using Halide::Expr;
  const adaptive_windows columns = columns_of(kernel, s.output.extents),
                         rows = rows_of(kernel, s.output.extents);
  const Halide::RDom window(0, columns.largest(), 0, rows.largest(), "window");
  s.output.define(kernel, [&](Expr c, Expr x, Expr y, Expr n) {
    // past its end a window is filled up with its last row and column
    const Expr column = Halide::min(columns.begin(x) + window.x, columns.end(x) - 1);
    const Expr row = Halide::min(rows.begin(y) + window.y, rows.end(y) - 1);
    return Halide::maximum(window, input(c, columns.clamped(column), rows.clamped(row), n), "window_maximum");
  });
}

/// Represents an output pixel whose window an input's pixel may be in.
struct candidate_window {
  Halide::Expr x, y;
  Halide::Expr counts; ///< whether it is in that window
};

/// The windows that pixel (x, y) is in, in the order of `windows`.
inline candidate_window window_with(const adaptive_windows &columns, const adaptive_windows &rows,
                                    const Halide::Expr &x, const Halide::Expr &y,
                                    const Halide::RDom &windows) {
  const Halide::Expr i = columns.first_with(x) + windows.x, j = rows.first_with(y) + windows.y;
  const Halide::Expr wx = columns.clamped_output(i), wy = rows.clamped_output(j);
  // a clamped one would count twice
  return {wx, wy, i < columns.outputs && columns.inside(wx, x) && j < rows.outputs && rows.inside(wy, y)};
}

inline void define_adaptive_average_pool_backward(pointwise_stages &s, Halide::Func output_gradient,
                                                  Halide::Func input, const signature &kernel) {
  using Halide::Expr;
  const adaptive_windows columns = columns_of(kernel), rows = rows_of(kernel);
  const Halide::RDom windows(0, columns.most_with(), 0, rows.most_with(), "windows");
  s.output.define(as_large_as_input(kernel), [&](Expr c, Expr x, Expr y, Expr n) {
    const auto [wx, wy, counts] = window_with(columns, rows, x, y, windows);
    const Expr area = (columns.end(wx) - columns.begin(wx)) * (rows.end(wy) - rows.begin(wy));
    const Expr share = Halide::select(counts, output_gradient(c, wx, wy, n) / Halide::cast<float>(area), 0.f);
    return through_relu(kernel, input(c, x, y, n), Halide::sum(windows, share, "window_gradients"));
  });
}

/// The first of the largest of a window, in the order of rows, takes its gradient, as in PyTorch.
inline void define_adaptive_max_pool_backward(pointwise_stages &s, Halide::Func output_gradient,
                                              Halide::Func input, const signature &kernel) {
  using Halide::Expr;
  const adaptive_windows columns = columns_of(kernel), rows = rows_of(kernel);
  const Halide::RDom windows(0, columns.most_with(), 0, rows.most_with(), "windows");
  const Halide::RDom pixels(0, columns.largest(), 0, rows.largest(), "pixels_of_window");
  s.output.define(as_large_as_input(kernel), [&](Expr c, Expr x, Expr y, Expr n) {
    const auto [wx, wy, counts] = window_with(columns, rows, x, y, windows);
    const Expr value = input(c, x, y, n);
    const Expr column = columns.begin(wx) + pixels.x, row = rows.begin(wy) + pixels.y;
    const Expr other = input(c, columns.clamped(column), rows.clamped(row), n);
    const Expr earlier = row < y || (row == y && column < x);
    const Expr wins =
        columns.inside(wx, column) && rows.inside(wy, row) && (other > value || (earlier && other == value));
    const Expr beaten = Halide::maximum(pixels, Halide::select(wins, 1, 0), "beaten");
    const Expr share = Halide::select(counts && beaten == 0, output_gradient(c, wx, wy, n), 0.f);
    return through_relu(kernel, value, Halide::sum(windows, share, "window_gradients"));
  });
}

} // namespace vggen
