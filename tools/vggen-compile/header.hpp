// The generated header: the kernels of one model as a table that runtime/ computes with.
#pragma once

#include "tools/compiler/description.hpp"
#include "tools/compiler/planned_kernel.hpp"

#include <filesystem>
#include <vector>

namespace vggen {

/// Writes the header to `file`, unless it is there already as it should be. tuned_for: the processor that
/// schedules were measured on; empty: they were not.
void write_header(const std::filesystem::path &file, const description &model, const Halide::Target &target,
                  const std::vector<planned_kernel> &kernels, const std::filesystem::path &cache,
                  const std::string &tuned_for);

} // namespace vggen
