// What a kernel should have computed, in double precision, at some of its outputs: enough to see that a
// schedule is wrong or rounds too much, at a small part of the cost of all of them.
#pragma once

#include "tools/vggen-tune/timer/kernel_tensors.hpp"

#include <vggen/net/signature.hpp>

namespace vggen {

/// Represents what a run's results look like.
struct result_check {
  double error = 0; ///< largest difference at the sampled outputs, relative to the largest of them
  /// Of all outputs: the root of the sum of squares, and the sum with seeded signs. Two right schedules agree
  /// on both, but for rounding.
  double norm = 0, projection = 0;
  bool finite = true;    ///< all outputs are
  bool zero_halo = true; ///< all of the halo is zero
};

/// Checks what a run left in `tensors`. Takes some tenths of a second at most.
result_check check_results(const signature &kernel, const kernel_tensors &tensors);

} // namespace vggen
