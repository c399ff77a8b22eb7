// The search: for each kernel the schedule and the parameters that are measured to be the fastest.
#pragma once

#include "tools/compiler/description.hpp"
#include "tools/vggen-tune/kernel_search.hpp"
#include "tools/vggen-tune/trial.hpp"
#include "tools/vggen-tune/tuned_file.hpp"

#include <Halide.h>

#include <chrono>
#include <string>
#include <vector>

namespace vggen {

/// What is searched for, and for how long.
struct tune_settings {
  Halide::Target target;
  accuracy allowed = accuracy::fast;
  std::chrono::minutes budget{60};
  std::string only{}; ///< kernels whose text matches this regular expression; empty: all
  bool again = false; ///< kernels that were tuned on this machine before, too
  search_settings search{};
};

/// What the machine is that is tuned for.
struct tuned_machine {
  std::string cpu;
  int threads = 1;
  double gflops = 0; ///< measured multiply-adds; 0: not known
};

/// Tunes the kernels of some models, prints what it does, and writes each result to `file` at once. Returns
/// whether all were tuned before the time was over.
bool tune(const std::vector<description> &models, tuned_file &file, const tuned_machine &machine,
          const tune_settings &settings, const trial_settings &trials);

} // namespace vggen
