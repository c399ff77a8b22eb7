// What Winograd's convolutions take, roughly, in cycles of one core: for choosing among schedules where
// nobody tuned. The factors were fitted to VGG's layers on a Zen 4 core; what matters is their order.
#pragma once

#include "generators/winograd.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"

#include <algorithm>
#include <limits>

namespace vggen {

/// Cycles of `steps` steps of a matrix product, in which `vectors` x `others` sums in registers are each
/// added to: two loads are issued in a cycle, and a tenth is lost around the loop.
inline double product_cycles(const machine &m, int vectors, int others, double steps) {
  if (vectors * others + vectors + (m.folds_broadcasts ? 0 : 1) > m.registers && others > 1)
    return std::numeric_limits<double>::infinity(); // it does not fit into the registers
  const double sums = static_cast<double>(vectors) * others;
  return steps * std::max({sums / m.fused_per_cycle, (vectors + others) / 2.0, 4.0}) * 1.1;
}

/// Cycles of transforming one vector of channels of `tiles` tiles with `points` x `points` points, in two
/// passes of small matrix products.
inline double transform_cycles(double tiles, int points) {
  return tiles * points * points * (1 + 0.8 * points);
}

/// Cycles of transforming one vector of channels of `windows` 3x3 windows of weights.
inline double filter_cycles(double windows, int points) { return windows * (3.0 * points * points + 100); }

/// Cycles of reading so many bytes again: nothing where a core's own cache keeps them, little where the cache
/// that cores share does (of which a server's neighbours have their part).
inline double traffic_cycles(const machine &m, double bytes) {
  return bytes <= m.kept_bytes ? 0 : bytes <= 8e6 ? bytes / m.shared_per_cycle : bytes / m.memory_per_cycle;
}

/// So many floats, rounded up to an odd number of cache lines: rows of that length begin in different sets of
/// a cache, while those of a power of two all fall into the same few.
inline int odd_lines(int floats) {
  constexpr int line = 16;
  return ((floats + line - 1) / line | 1) * line;
}

/// How much longer work takes that is cut into so many equal tasks, on the four cores of a usual machine.
inline double idle_share(int tasks) {
  const int turns = (tasks + 3) / 4;
  return turns * 4.0 / tasks;
}

/// The parameters, `defaults(request, tile)`, of the cheapest tile. The largest one rounds most, and is taken
/// where it saves a tenth at least. A pool needs an even one.
template <class Defaults, class Cost>
schedule_parameters cheapest_tile(const schedule_request &request, Defaults defaults, Cost cost) {
  schedule_parameters best;
  double best_cost = std::numeric_limits<double>::infinity();
  for (const int tile : {4, 2, 3, 5, 6}) {
    if (request.kernel.pool && tile % 2 != 0) continue;
    schedule_request whole = request;
    whole.parameters = defaults(request, tile);
    if (const double c = cost(whole) * (tile == 6 ? 1.1 : 1); best.empty() || c < best_cost) {
      best_cost = c;
      best = whole.parameters;
    }
  }
  return best;
}

} // namespace vggen
