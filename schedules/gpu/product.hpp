// How a device computes a product: the tile of a block of threads, each with its sums in registers.
#pragma once

#include "generators/device_product.hpp"
#include "schedules/schedule.hpp"

#include <Halide.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace vggen {

inline std::vector<parameter_range> device_product_parameters() {
  return {{"row_threads", 1, 128}, {"rows", 1, 16},  {"column_threads", 1, 128},
          {"columns", 1, 16},      {"steps", 1, 64}, {"parts", 1, 256}};
}

inline device_tiling device_tiling_of(const schedule_request &r) {
  return {.row_threads = r.value_or("row_threads", 1),
          .rows = r.value_or("rows", 1),
          .column_threads = r.value_or("column_threads", 1),
          .columns = r.value_or("columns", 1),
          .steps = r.value_or("steps", 1),
          .parts = r.value_or("parts", 1)};
}

namespace detail {

inline constexpr std::int64_t busy_blocks = 216; // two for each multiprocessor of an A100
inline constexpr int shared_bytes = 48 * 1024;   // that a block may have on any device

inline std::int64_t count_up(std::int64_t n, std::int64_t size) { return (n + size - 1) / size; }

inline std::int64_t blocks_of(std::int64_t rows, std::int64_t columns, const device_tiling &by) {
  return count_up(rows, by.tile_rows()) * count_up(columns, by.tile_columns()) * by.parts;
}

// The smallest power of two that is at least n, between two limits.
inline int power_of_two(std::int64_t n, int low, int high) {
  int p = low;
  while (p < high && p < n)
    p *= 2;
  return p;
}

// Copies a staged operand with all threads of the block, `vector` neighbours in memory at a time.
inline void copy_to_shared(Halide::Func staged, const Halide::Func &reader, const Halide::RVar &chunk,
                           const device_tiling &by, int vector, bool along_sum) {
  const Halide::Var in_tile = staged.args()[0], step = staged.args()[1];
  const Halide::Var copied("copied"), lane("lane"), turn("turn"), thread("thread"), x("copy_x"), y("copy_y");
  staged.compute_at(reader, chunk).store_in(Halide::MemoryType::GPUShared);
  if (along_sum)
    staged.reorder(step, in_tile).fuse(step, in_tile, copied);
  else
    staged.fuse(in_tile, step, copied);
  if (vector > 1) staged.split(copied, copied, lane, vector).vectorize(lane);
  staged.split(copied, turn, thread, by.row_threads * by.column_threads, Halide::TailStrategy::GuardWithIf)
      .split(thread, y, x, by.row_threads, Halide::TailStrategy::GuardWithIf)
      .gpu_threads(x, y)
      .unroll(turn);
}

} // namespace detail

/// What such a product costs, roughly, as vggen's schedules count it; infinity: the tile does not fit.
inline double device_product_cost(std::int64_t rows, std::int64_t columns, std::int64_t sum,
                                  const device_tiling &by) {
  const int threads = by.row_threads * by.column_threads;
  const int shared = 4 * by.steps * (by.tile_rows() + by.tile_columns());
  if (threads > 1024 || shared > detail::shared_bytes) return std::numeric_limits<double>::infinity();
  // what a tile copies beside what it multiplies, the turns of a device that is not full, and what hangs over
  const double tile = double{1} * by.tile_rows() * by.tile_columns();
  const double copied = 16.0 * (by.tile_rows() + by.tile_columns()) / tile;
  const double own = 2.0 * (by.rows + by.columns) / (double{1} * by.rows * by.columns);
  const auto blocks = static_cast<double>(detail::blocks_of(rows, columns, by));
  const double turns = std::max(1.0, blocks * threads / (detail::busy_blocks * 256.0));
  const double all_parts = by.parts > 1 ? 2.0 * by.parts * static_cast<double>(rows * columns) : 0;
  return turns * tile * (detail::busy_blocks * 256.0 / threads) * (1 + copied + own) *
             static_cast<double>(detail::count_up(sum, by.parts)) +
         8 * all_parts;
}

/// Good tiles for a product of such extents: large ones, as long as there are enough of them to keep a device
/// busy; where there are not, the sum is cut into parts. Threads have whole groups of columns.
inline schedule_parameters device_product_defaults(std::int64_t rows, std::int64_t columns, std::int64_t sum,
                                                   int group = 1) {
  device_tiling best;
  double best_cost = std::numeric_limits<double>::infinity();
  const int own_rows = rows >= 8 ? 8 : detail::power_of_two(rows, 1, 8);
  const int own_columns = std::max(group, columns >= 8 ? 8 : detail::power_of_two(columns, 1, 8));
  for (const int row_threads : {4, 8, 16, 32, 64})
    for (const int column_threads : {1, 2, 4, 8, 16, 32}) {
      const int threads = row_threads * column_threads;
      if (threads < 64 || threads > 256) continue;
      device_tiling by{.row_threads = row_threads,
                       .rows = own_rows,
                       .column_threads = column_threads,
                       .columns = own_columns,
                       .steps = static_cast<int>(std::min<std::int64_t>(8, detail::power_of_two(sum, 1, 8)))};
      const std::int64_t blocks = detail::blocks_of(rows, columns, by);
      if (blocks < detail::busy_blocks) // a part has a few chunks at least
        by.parts = static_cast<int>(
            std::clamp<std::int64_t>(detail::busy_blocks / blocks, 1, std::max<std::int64_t>(1, sum / 128)));
      const double cost = device_product_cost(rows, columns, sum, by);
      if (cost < best_cost * 0.999) {
        best_cost = cost;
        best = by;
      }
    }
  return {{"row_threads", best.row_threads}, {"rows", best.rows},   {"column_threads", best.column_threads},
          {"columns", best.columns},         {"steps", best.steps}, {"parts", best.parts}};
}

/// Schedules all stages of a product; of its output the update that stores it.
inline void compute_product(device_product &p) {
  const auto &t = p.tiles;
  auto tiles = p.output.update(p.stage);
  tiles
      .allow_race_conditions() // tiles that overlap write the same values
      .reorder({t[0], t[1], t[2], t[3], t[4], t[5], t[6]})
      .unroll(t[0])
      .unroll(t[1])
      .gpu_blocks(t[4], t[5], t[6])
      .gpu_threads(t[2], t[3]);
  p.sums.compute_at(p.output, t[4])
      .store_in(Halide::MemoryType::Register)
      .unroll(p.i)
      .unroll(p.j)
      .gpu_threads(p.row_thread, p.column_thread);
  p.sums.update()
      .reorder(p.i, p.j, p.sum.x, p.row_thread, p.column_thread, p.sum.y)
      .unroll(p.i)
      .unroll(p.j)
      .unroll(p.sum.x)
      .gpu_threads(p.row_thread, p.column_thread);
  detail::copy_to_shared(p.staged_rows, p.sums, p.sum.y, p.by, p.row_vector, p.rows_along_sum);
  detail::copy_to_shared(p.staged_columns, p.sums, p.sum.y, p.by, p.column_vector, p.columns_along_sum);
}

} // namespace vggen
