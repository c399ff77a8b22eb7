// Tiles of an image as Winograd's transforms see them: what the convolution and the gradient of its weights
// share.
#pragma once

#include "cook_toom.hpp"

#include <vggen/net/signature.hpp>

#include <Halide.h>

#include <cstddef>
#include <string>
#include <vector>

namespace vggen {

/// The rows of a matrix applied to what `at` gives for each column: an expression for each row, which `index`
/// chooses among. `transposed`: its columns.
template <class At>
Halide::Expr transform(const rational_matrix &matrix, const Halide::Expr &index, At at,
                       bool transposed = false) {
  const auto rows = transposed ? matrix.front().size() : matrix.size();
  const auto columns = transposed ? matrix.size() : matrix.front().size();
  std::vector<Halide::Expr> values;
  for (std::size_t row = 0; row < rows; ++row) {
    Halide::Expr sum;
    for (std::size_t column = 0; column < columns; ++column) {
      const rational &factor = transposed ? matrix[column][row] : matrix[row][column];
      if (factor == rational(0)) continue;
      const Halide::Expr value = at(static_cast<int>(column));
      const Halide::Expr term =
          factor == rational(1) ? value : Halide::Expr(boost::rational_cast<float>(factor)) * value;
      sum = sum.defined() ? sum + term : term;
    }
    values.push_back(sum.defined() ? sum : Halide::Expr(0.f));
  }
  return Halide::mux(index, values);
}

/// The tiles of `size` x `size` outputs of a 3x3 convolution, counted through rows, columns and images. Those
/// at the end of a row or column may hang over.
struct winograd_tiles {
  int size, width, height, batch;
  int across, down; ///< tiles in a row and in a column

  winograd_tiles(const signature &kernel, int size)
      : size(size), width(kernel.sum_width()), height(kernel.sum_height()), batch(kernel.batch),
        across((width + size - 1) / size), down((height + size - 1) / size) {}

  [[nodiscard]] int count() const { return across * down * batch; }
  [[nodiscard]] Halide::Expr image(const Halide::Expr &t) const {
    return Halide::min(t / (across * down), batch - 1);
  }
  /// The value at (x, y) from the tile's first output, of an image with a halo: beyond the halo it is zero as
  /// in it.
  [[nodiscard]] Halide::Expr value(const Halide::Func &image_with_halo, const Halide::Expr &channel,
                                   const Halide::Expr &t, const Halide::Expr &x,
                                   const Halide::Expr &y) const {
    const Halide::Expr column = t % across * size + x, row = t / across % down * size + y;
    return image_with_halo(channel, width % size == 0 ? column : Halide::min(column, width),
                           height % size == 0 ? row : Halide::min(row, height), image(t));
  }
};

/// A transform of whole tiles, along x and then along y: [channel, t, i, j] each.
struct tile_transform {
  Halide::Func rows, transformed;
  Halide::Var channel{"channel"}, t{"t"}, i{"i"}, j{"j"};

  /// value(channel, t, x, y): the tile's; of a transposed matrix the columns are applied.
  template <class Value>
  void define(const std::string &name, const rational_matrix &matrix, bool transposed, Value value) {
    rows = Halide::Func(name + "_rows");
    transformed = Halide::Func(name + "_transformed");
    rows(channel, t, i, j) = transform(matrix, i, [&](int q) { return value(channel, t, q, j); }, transposed);
    transformed(channel, t, i, j) =
        transform(matrix, j, [&](int q) { return rows(channel, t, i, q); }, transposed);
  }

  /// Vectors of channels; a tile's points stay in registers.
  void schedule(int lanes) {
    const auto tail = Halide::TailStrategy::GuardWithIf;
    transformed.reorder(i, j, channel, t).vectorize(channel, lanes, tail).unroll(i).unroll(j);
    rows.compute_at(transformed, channel)
        .reorder(i, j, channel, t)
        .vectorize(channel, lanes, tail)
        .unroll(i)
        .unroll(j);
  }
};

} // namespace vggen
