// Products of two matrices that both have the summed index outside of the vectorised one:
//
//     output(i, j) = Σ over r of rows(i, r) * columns(j, r)
//
// A fully connected layer's gradients are two of them:
//     of its input    output = input_gradient(i, n), rows = weights(i, k), columns = output_gradient(k, n), r
//     = k of its weights  output = weight_gradient(i, k), rows = input(i, n), columns = output_gradient(k,
//     n), r = n
// (its forward kernel sums along i instead: fully_connected.hpp).
#pragma once

#include "device_product.hpp"

#include <Halide.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace vggen {

/// The extents of a product and how its output is cut into tiles that are summed in registers. A tile that
/// would overhang along i is moved inwards.
struct product_shape {
  int rows = 0, columns = 0, sum = 0; ///< extents of i, j and r
  int tile_rows = 1;                  ///< along i
  int tile_columns = 1;               ///< along j; it divides `columns`
  bool rows_outside = false;          ///< the loop over tiles along i is the outer one
};

struct product_stages {
  std::function<Halide::Expr(Halide::Expr i, Halide::Expr r)> rows;    ///< what is read
  std::function<Halide::Expr(Halide::Expr j, Halide::Expr r)> columns; ///< what is read
  Halide::Func sums;                  // [i, j, tile along i, tile along j]; i and j count inside the tile
  Halide::RDom sum;                   // r
  Halide::Func output;                // its update 0 runs over `tiles`
  Halide::RDom tiles;                 // [i, j, then the tiles: along i and along j, the inner one first]
  Halide::RVar row_tile, column_tile; ///< those of `tiles`
  Halide::Func bias; ///< may be undefined: another output, with its own reduction in update 0
  Halide::RDom bias_sum;
  device_product device; ///< on a device, where there are neither sums nor tiles
  Halide::Func parts;    ///< [i, j, part]: there, of sums in several parts; another output
  Halide::Var i{"i"}, j{"j"}, it{"it"}, jt{"jt"}, k{"k"};
};

/// The algorithm. `stages` holds rows, columns and output; `store(i, j, value)` defines the output's update.
template <class Store> void define_product(product_stages &s, const product_shape &shape, Store store) {
  using Halide::Expr;
  const int rows = std::min(shape.tile_rows, shape.rows), columns = shape.tile_columns;
  const auto first_row = [&](Expr t) { return Halide::min(t * rows, shape.rows - rows); };
  s.sums = Halide::Func("sums");
  s.sum = Halide::RDom(0, shape.sum, "sum");
  s.sums(s.i, s.j, s.it, s.jt) = 0.f;
  s.sums(s.i, s.j, s.it, s.jt) +=
      s.rows(first_row(s.it) + s.i, s.sum) * s.columns(s.jt * columns + s.j, s.sum);
  const Halide::Range row_tiles{0, (shape.rows + rows - 1) / rows}, column_tiles{0, shape.columns / columns};
  s.tiles = shape.rows_outside ? Halide::RDom({{0, rows}, {0, columns}, column_tiles, row_tiles}, "tiles")
                               : Halide::RDom({{0, rows}, {0, columns}, row_tiles, column_tiles}, "tiles");
  s.row_tile = s.tiles[shape.rows_outside ? 3 : 2];
  s.column_tile = s.tiles[shape.rows_outside ? 2 : 3];
  store(first_row(s.row_tile) + s.tiles[0], s.column_tile * columns + s.tiles[1],
        s.sums(s.tiles[0], s.tiles[1], s.row_tile, s.column_tile));
}

/// The same on a device; `stages.device` says how its operands lie in memory. place(i, j): the output's
/// indices. finish(i, j, sum): what is stored there. pure: variables of the output that name i and j.
template <class Place, class Finish>
void define_product_on_device(product_stages &s, const product_shape &shape, const device_tiling &tiling,
                              const std::vector<Halide::Var> &pure, const Halide::Var &pure_i,
                              const Halide::Var &pure_j, Place place, Finish finish) {
  using Halide::Expr;
  device_product &p = s.device;
  p.by = tiling;
  p.row_count = shape.rows;
  p.column_count = shape.columns;
  const int chunks = tiling.chunks_of(shape.sum);
  const device_steps steps{shape.sum, tiling.steps, chunks * tiling.parts};
  const auto rows = [&](const Expr &i, const Expr &chunk, const Expr &step) {
    const auto at = steps.at(chunk, step);
    return counted(at.counts, s.rows(i, at.index));
  };
  const auto columns = [&](const Expr &j, const Expr &chunk, const Expr &step) {
    const auto at = steps.at(chunk, step);
    return counted(at.counts, s.columns(j, at.index));
  };
  if (tiling.parts == 1) {
    s.output(pure) = Halide::undef<float>();
    p.output = s.output;
    p.define(chunks, rows, columns, [&](const Expr &i, const Expr &j, const Expr &, const auto &sum) {
      s.output(place(i, j)) = finish(i, j, sum(0));
    });
    return;
  }
  const Halide::Var part("part");
  s.parts = Halide::Func("parts");
  s.parts(s.i, s.j, part) = Halide::undef<float>();
  p.output = s.parts;
  p.define(chunks, rows, columns, [&](const Expr &i, const Expr &j, const Expr &of, const auto &sum) {
    s.parts(i, j, of) = sum(0);
  });
  const Halide::RDom all(0, tiling.parts, "all_parts");
  s.output(pure) = finish(pure_i, pure_j, Halide::sum(all, s.parts(pure_i, pure_j, all)));
}

} // namespace vggen
