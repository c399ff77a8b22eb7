// One candidate on its way through compiler, linker and clock, each in a process of its own.
#pragma once

#include "tools/compiler/planned_kernel.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace vggen {

/// Where and how candidates are made and timed.
struct trial_settings {
  std::filesystem::path cache;          ///< of compiled kernels
  std::filesystem::path folder;         ///< for the programs that time candidates
  std::string linker = "c++";           ///< for the target
  std::vector<std::string> link_inputs; ///< libraries: the timer, the runtime's core, Halide's runtime
  std::vector<std::string> runner;      ///< what starts a program on the machine to tune for; empty: here
  int threads = 1;
  int jobs = 1; ///< candidates compiled at the same time
  std::chrono::seconds compile_limit{120};
  std::chrono::seconds run_limit{60};
  double seconds = 0.1; ///< of runs in one measurement
};

/// What one measurement said.
struct measurement {
  double ms = 0; ///< median
  double error = 0, norm = 0, projection = 0;
  bool finite = true, zero_halo = true;
};

/// Represents a schedule for a kernel that is tried out.
struct candidate {
  planned_kernel planned;
  std::string failure{}; ///< why it is out; empty: it is not
  double seconds = 0;    ///< to compile and link it
  measurement checked{}; ///< the first one
  double ms = 0;         ///< what it takes
};

/// Compiles and links candidates that have no failure yet, several at a time. A failure is noted in each.
void build(std::vector<candidate *> candidates, const trial_settings &settings);

/// Times a candidate that was built; `check`: its results are looked at, too. Throws std::runtime_error.
measurement measure(const candidate &c, const trial_settings &settings, bool check);

} // namespace vggen
