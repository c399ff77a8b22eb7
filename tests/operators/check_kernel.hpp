// Holds one kernel against the reference, and against the rules of memory: what it may read and what it must
// write.
#pragma once

#include "expected_outputs.hpp"
#include "kernel_call.hpp"

#include <string>
#include <vector>

namespace vggen::test {

struct kernel_verdict {
  std::string problem; ///< empty: the kernel is right
  double error = 0;    ///< relative, of the worst output, where it came to a comparison
};

/// Runs the kernel twice, with different values in all memory that it must not read (guards, outputs before
/// the run). Both runs must give the same bits, and each output differ from what is expected by at most
/// `tolerance` (relative_error).
kernel_verdict check_kernel(const compiled_kernel &kernel, const operands &values,
                            const std::vector<expected_output> &expected, double tolerance);

} // namespace vggen::test
