// The generated header: the kernels of one model as a table that runtime/ computes with.
#pragma once

#include "compile_kernel.hpp"
#include "description.hpp"
#include "schedule_database.hpp"

#include <filesystem>
#include <optional>
#include <vector>

namespace vggen {

/// Represents a kernel with its jobs.
struct planned_kernel {
  resolved_kernel kernel;
  compile_job job;
  std::optional<compile_job> pack;
  std::int64_t packed_size = 0;
};

/// Writes the header to `file`, unless it is there already as it should be.
void write_header(const std::filesystem::path &file, const description &model, const Halide::Target &target,
                  const std::vector<planned_kernel> &kernels, const std::filesystem::path &cache);

} // namespace vggen
