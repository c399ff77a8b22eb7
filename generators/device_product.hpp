// Products of two matrices on a device:
//
//     output(row, column) = Σ over s of rows(row, s) * columns(column, s)
//
// A block of threads computes a tile of the output. It goes through the sum in chunks of a few steps: for
// each the part of both matrices that the tile needs is copied to the memory that the block shares, and every
// thread multiplies and adds its own rows with its own columns, in registers.
//
// Convolutions are such products (their columns are pixels, gathered while they are copied), and so are fully
// connected layers and the gradients of both.
#pragma once

#include <Halide.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace vggen {

/// How a product is cut. A tile is row_threads * rows by column_threads * columns.
struct device_tiling {
  int row_threads = 8, rows = 8;       ///< threads of a tile along the rows, and rows of each
  int column_threads = 8, columns = 8; ///< the same along the columns
  int steps = 8;                       ///< of the sum in a chunk
  int parts = 1; ///< of the sum, each a tile of its own: they are added up in a further launch

  [[nodiscard]] int tile_rows() const { return row_threads * rows; }
  [[nodiscard]] int tile_columns() const { return column_threads * columns; }
  [[nodiscard]] int chunks_of(std::int64_t sum) const {
    const std::int64_t in_part = std::int64_t{steps} * parts;
    return static_cast<int>((sum + in_part - 1) / in_part); // in each part
  }
};

/// A value, or zero where it does not count; an undefined condition: it always counts.
inline Halide::Expr counted(const Halide::Expr &counts, const Halide::Expr &value) {
  return counts.defined() ? Halide::select(counts, value, 0.f) : value;
}

/// Represents the steps of a sum, in chunks.
struct device_steps {
  int sum = 1, steps = 1;
  int chunks = 1; ///< of all parts

  struct place {
    Halide::Expr index;  ///< of a step, inside the sum
    Halide::Expr counts; ///< undefined: always
  };
  [[nodiscard]] place at(const Halide::Expr &chunk, const Halide::Expr &step) const {
    const int whole = sum / steps;
    if (chunks * steps == sum) return {chunk * steps + step, {}};
    if (whole * steps == sum) return {Halide::min(chunk, whole - 1) * steps + step, chunk < whole};
    const Halide::Expr flat = chunk * steps + step;
    return {Halide::min(flat, sum - 1), flat < sum};
  }
};

/// The stages of a product.
struct device_product {
  device_tiling by;
  Halide::Func staged_rows;    // [row of the tile, step, chunk, tile]
  Halide::Func staged_columns; // [column of the tile, step, chunk, tile]
  bool rows_along_sum = false; ///< neighbours in memory are steps, not rows
  bool columns_along_sum = false;
  int row_vector = 1, column_vector = 1; ///< values that can be copied at once, of neighbours in memory
  Halide::Func sums;   // [i, j, row_thread, column_thread, row_tile, column_tile, part]: a thread's i and j
  Halide::RDom sum;    // [step, chunk]
  Halide::RDom tiles;  // [i, j, row_thread, column_thread, row_tile, column_tile, part]
  Halide::Func output; ///< its update `stage` runs over `tiles`
  int stage = 0;
  Halide::Var i{"i"}, j{"j"}, row_thread{"row_thread"}, column_thread{"column_thread"}, row_tile{"row_tile"},
      column_tile{"column_tile"}, part{"part"}, step{"step"}, chunk{"chunk"};

  /// Rows of the product, and columns, which may be dynamic, in groups of so many that one thread has all of.
  int row_count = 1;
  Halide::Expr column_count = 1;
  int group = 1;

  /// Where a tile's row lies: the last tile is moved inwards; what a single one has too many are copies of
  /// the last row.
  [[nodiscard]] Halide::Expr row(const Halide::Expr &tile, const Halide::Expr &in_tile) const {
    const int size = by.tile_rows();
    if (row_count % size == 0) return tile * size + in_tile;
    if (row_count > size) return Halide::min(tile * size, row_count - size) + in_tile;
    return Halide::min(in_tile, row_count - 1);
  }
  /// Where a tile's column lies; those past the end are in the last group.
  [[nodiscard]] Halide::Expr column(const Halide::Expr &tile, const Halide::Expr &in_tile) const {
    const Halide::Expr at = tile * by.tile_columns() + in_tile;
    const auto known = Halide::Internal::as_const_int(Halide::Internal::simplify(column_count));
    if (known && *known % by.tile_columns() == 0) return at;
    const Halide::Expr groups = Halide::Internal::simplify(column_count / group);
    if (group == 1) return Halide::min(at, groups - 1);
    return Halide::min(at / group, groups - 1) * group + at % group;
  }

  /// Makes all stages. rows_at(row, chunk, step), columns_at(column, chunk, step): what is multiplied, zero
  /// past the sum's end; chunks are counted through all parts. `chunks`: of each part. store(row, sum,
  /// column, part, reduced): defines the output's update `stage` with sums of one thread; `sum(j)` gives the
  /// sum of the group's column j.
  template <class Rows, class Columns, class Store>
  void define(int chunks, Rows rows_at, Columns columns_at, Store store) {
    using Halide::Expr;
    if (by.columns % group != 0) throw std::invalid_argument("a thread needs whole groups of columns");
    staged_rows = Halide::Func("staged_rows");
    staged_columns = Halide::Func("staged_columns");
    sums = Halide::Func("sums");
    const Halide::Var in_tile("in_tile");
    staged_rows(in_tile, step, chunk, row_tile) = rows_at(row(row_tile, in_tile), chunk, step);
    staged_columns(in_tile, step, chunk, column_tile) = columns_at(column(column_tile, in_tile), chunk, step);
    sum = Halide::RDom(0, by.steps, 0, chunks, "sum");
    const std::vector<Halide::Var> at{i, j, row_thread, column_thread, row_tile, column_tile, part};
    const Expr of_part = part * chunks + sum.y;
    sums(at) = 0.f;
    sums(at) +=
        staged_rows(own(i, row_thread, by.rows, by.row_threads), sum.x, of_part, row_tile) *
        staged_columns(own(j, column_thread, by.columns, by.column_threads), sum.x, of_part, column_tile);

    const Expr column_tiles =
        Halide::Internal::simplify((column_count + by.tile_columns() - 1) / by.tile_columns());
    tiles = Halide::RDom({{0, by.rows},
                          {0, by.columns / group},
                          {0, by.row_threads},
                          {0, by.column_threads},
                          {0, (row_count + by.tile_rows() - 1) / by.tile_rows()},
                          {0, column_tiles},
                          {0, by.parts}},
                         "tiles");
    const Expr first = tiles[1] * group; // of a group's columns
    store(row(tiles[4], own(tiles[0], tiles[2], by.rows, by.row_threads)),
          column(tiles[5], own(first, tiles[3], by.columns, by.column_threads)) / group, tiles[6],
          [&](int q) { return sums(tiles[0], first + q, tiles[2], tiles[3], tiles[4], tiles[5], tiles[6]); });
  }

private:
  // Where a thread's value number `index` lies in the tile: four side by side, so that they are read at once,
  // next to those of the next thread.
  static Halide::Expr own(const Halide::Expr &index, const Halide::Expr &thread, int values, int threads) {
    if (values % 4 != 0) return thread * values + index;
    return index / 4 * (4 * threads) + thread * 4 + index % 4;
  }
};

} // namespace vggen
