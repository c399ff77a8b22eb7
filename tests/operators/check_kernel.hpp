// Holds one kernel against the reference, and against the rules of memory: what it may read and what it must
// write.
#pragma once

#include "kernel_call.hpp"

#include <string>

namespace vggen::test {

struct kernel_verdict {
  std::string problem; ///< empty: the kernel is right
  double error = 0;    ///< relative, where it came to a comparison
};

/// Runs the kernel twice, with different values in all memory that it must not read (guards, the output
/// before the run). Both outputs must be the same bits, and differ from `expected` by at most `tolerance`
/// (relative_error).
kernel_verdict check_kernel(const compiled_kernel &kernel, const operands &values, const tensor &expected,
                            double tolerance);

} // namespace vggen::test
