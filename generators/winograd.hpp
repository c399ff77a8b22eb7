// Tiles of an image as Winograd's transforms see them: what the convolution and the gradient of its weights
// share.
#pragma once

#include "cook_toom.hpp"
#include "count_up.hpp"
#include "extents.hpp"

#include <vggen/net/signature.hpp>

#include <Halide.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace vggen {

namespace detail {

// A sum of terms, each a factor times a value.
class term_sum {
public:
  void add(const rational &factor, const Halide::Expr &value) {
    if (factor == rational(0)) return;
    const Halide::Expr term =
        factor == rational(1) ? value : Halide::Expr(boost::rational_cast<float>(factor)) * value;
    sum_ = sum_.defined() ? sum_ + term : term;
  }
  [[nodiscard]] Halide::Expr sum() const { return sum_.defined() ? sum_ : Halide::Expr(0.f); }

private:
  Halide::Expr sum_;
};

inline bool equal_or_opposite(const rational &a, const rational &b) { return a == b || a == -b; }

// For each row the index of the one that differs from it in signs only, or its own: points p and -p make such
// pairs.
inline std::vector<std::size_t> partners(const rational_matrix &matrix) {
  std::vector<std::size_t> partner(matrix.size());
  for (std::size_t a = 0; a < matrix.size(); ++a)
    partner[a] = a;
  for (std::size_t a = 0; a < matrix.size(); ++a)
    for (std::size_t b = a + 1; b < matrix.size(); ++b) {
      if (partner[a] != a || partner[b] != b) continue;
      bool pair = true;
      int terms = 0;
      for (std::size_t c = 0; c < matrix[a].size(); ++c) {
        pair = pair && equal_or_opposite(matrix[a][c], matrix[b][c]);
        terms += matrix[a][c] != rational(0);
      }
      if (pair && terms > 1) partner[a] = b, partner[b] = a;
    }
  return partner;
}

inline rational_matrix transposed(const rational_matrix &matrix) {
  rational_matrix result(matrix.front().size(), std::vector<rational>(matrix.size()));
  for (std::size_t row = 0; row < matrix.size(); ++row)
    for (std::size_t column = 0; column < matrix[row].size(); ++column)
      result[column][row] = matrix[row][column];
  return result;
}

inline bool has_pairs(const std::vector<std::size_t> &partner) {
  for (std::size_t i = 0; i < partner.size(); ++i)
    if (partner[i] != i) return true;
  return false;
}

// Two rows that differ in signs are sum and difference of what they share, so that the compiler computes it
// once.
inline std::vector<Halide::Expr> with_row_pairs(const rational_matrix &matrix,
                                                const std::vector<std::size_t> &partner,
                                                const std::vector<Halide::Expr> &columns) {
  std::vector<Halide::Expr> values;
  for (std::size_t row = 0; row < matrix.size(); ++row) {
    const std::size_t first = std::min(row, partner[row]), second = std::max(row, partner[row]);
    term_sum same, opposite;
    for (std::size_t c = 0; c < columns.size(); ++c)
      (matrix[first][c] == matrix[second][c] ? same : opposite).add(matrix[first][c], columns[c]);
    if (first == second)
      values.push_back(same.sum());
    else
      values.push_back(row == first ? same.sum() + opposite.sum() : same.sum() - opposite.sum());
  }
  return values;
}

// Two columns that differ in signs are used by their sum and their difference only.
inline std::vector<Halide::Expr> with_column_pairs(const rational_matrix &matrix,
                                                   const std::vector<std::size_t> &partner,
                                                   const std::vector<Halide::Expr> &columns) {
  std::vector<Halide::Expr> values;
  for (const std::vector<rational> &row : matrix) {
    term_sum sum;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::size_t other = partner[c];
      if (other < c) continue;
      if (other == c)
        sum.add(row[c], columns[c]);
      else
        sum.add(row[c], row[c] == row[other] ? columns[c] + columns[other] : columns[c] - columns[other]);
    }
    values.push_back(sum.sum());
  }
  return values;
}

} // namespace detail

/// The rows of a matrix applied to what `at` gives for each column: an expression for each row, which `index`
/// chooses among. `transposed`: its columns.
template <class At>
Halide::Expr transform(const rational_matrix &matrix, const Halide::Expr &index, At at,
                       bool transposed = false) {
  const rational_matrix applied = transposed ? detail::transposed(matrix) : matrix;
  std::vector<Halide::Expr> columns;
  columns.reserve(applied.front().size());
  for (std::size_t c = 0; c < applied.front().size(); ++c)
    columns.push_back(at(static_cast<int>(c)));
  const auto rows = detail::partners(applied);
  if (detail::has_pairs(rows)) return Halide::mux(index, detail::with_row_pairs(applied, rows, columns));
  return Halide::mux(
      index, detail::with_column_pairs(applied, detail::partners(detail::transposed(applied)), columns));
}

/// Tiles of `size` x `size` outputs of a 3x3 convolution; of dynamic extents the most there can be.
inline int winograd_tile_count(const signature &kernel, int size) {
  return count_up(kernel.sum_width(), size) * count_up(kernel.sum_height(), size) * kernel.batch;
}

/// The tiles of `size` x `size` outputs of a 3x3 convolution, counted through rows, columns and images. Those
/// at the end of a row or column may hang over.
struct winograd_tiles {
  int size, batch;
  Halide::Expr width, height;
  Halide::Expr across, down;                     ///< tiles in a row and in a column
  bool whole_across = false, whole_down = false; ///< none hangs over

  winograd_tiles(const signature &kernel, const image_extents &extents, int size)
      : size(size), batch(kernel.batch), width(extents.sum_width), height(extents.sum_height),
        across(Halide::Internal::simplify((width + size - 1) / size)),
        down(Halide::Internal::simplify((height + size - 1) / size)),
        whole_across(!kernel.dynamic && kernel.sum_width() % size == 0),
        whole_down(!kernel.dynamic && kernel.sum_height() % size == 0) {}

  [[nodiscard]] Halide::Expr count() const { return in_image() * batch; }
  [[nodiscard]] Halide::Expr image(const Halide::Expr &t) const {
    return Halide::min(t / in_image(), batch - 1);
  }
  /// The value at (x, y) from the tile's first output, of an image with a halo: beyond the halo it is zero as
  /// in it. Tiles beyond the last are the first ones of the last image.
  [[nodiscard]] Halide::Expr value(const Halide::Func &image_with_halo, const Halide::Expr &channel,
                                   const Halide::Expr &t, const Halide::Expr &x,
                                   const Halide::Expr &y) const {
    const Halide::Expr column = t % across * size + x, row = t / across % down * size + y;
    return image_with_halo(channel, whole_across ? column : Halide::min(column, width),
                           whole_down ? row : Halide::min(row, height), image(t));
  }

private:
  [[nodiscard]] Halide::Expr in_image() const { return Halide::Internal::simplify(across * down); }
};

/// A transform of whole tiles, along x and then along y: [..., i, j] each, of what says where a tile lies and
/// of its point.
struct tile_transform {
  Halide::Func rows, transformed;
  Halide::Var i{"i"}, j{"j"};

  /// value(x, y): a tile's, in terms of `place`; of a transposed matrix the columns are applied.
  template <class Value>
  void define(const std::string &name, const rational_matrix &matrix, bool transposed,
              const std::vector<Halide::Var> &place, Value value) {
    rows = Halide::Func(name + "_rows");
    transformed = Halide::Func(name + "_transformed");
    std::vector<Halide::Var> at = place;
    at.insert(at.end(), {i, j});
    rows(at) = transform(matrix, i, [&](int q) { return value(q, j); }, transposed);
    std::vector<Halide::Expr> of_row(at.begin(), at.end());
    const auto row = [&](int q) {
      of_row.back() = q;
      return rows(of_row);
    };
    transformed(at) = transform(matrix, j, row, transposed);
  }
};

} // namespace vggen
