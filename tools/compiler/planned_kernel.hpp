// A kernel with all that has to be compiled for it.
#pragma once

#include "tools/compiler/compile_kernel.hpp"
#include "tools/compiler/schedule_database.hpp"

#include <cstdint>
#include <optional>

namespace vggen {

/// Represents a kernel with its jobs.
struct planned_kernel {
  resolved_kernel kernel;
  compile_job job;
  std::optional<compile_job> pack; ///< of its weights, if its schedule wants them packed
  std::int64_t packed_size = 0;    ///< floats that `pack` writes
};

/// The jobs of a kernel for a target.
planned_kernel plan_kernel(resolved_kernel kernel, const Halide::Target &target);

} // namespace vggen
