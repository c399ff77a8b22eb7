// Schedules that somebody wrote down, measured side by side.
#pragma once

#include "tools/vggen-tune/trial.hpp"

#include <Halide.h>

#include <filesystem>

namespace vggen {

/// Times the entries of a schedule file in turns, several for one kernel if there are, and prints a line for
/// each: median time, GFLOP/s of plain sums, error, schedule. Throws if the file is none.
void compare_schedules(const std::filesystem::path &file, const Halide::Target &target,
                       const trial_settings &trials, int rounds);

} // namespace vggen
