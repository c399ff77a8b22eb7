// The command line of a compiled model: summary, predict, features, init and bench.
#pragma once

#include "tools/program/runnable_model.hpp"

namespace vggen {

/// Runs the program on a command line. Returns the exit status: 0, or 1 after one line "error: …" on standard
/// error.
int run_program(runnable_model &model, int argc, char **argv);

} // namespace vggen
