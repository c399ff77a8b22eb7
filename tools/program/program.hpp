// The command line of a compiled model: summary, predict, features, filters, init, pack and bench.
#pragma once

#include "tools/program/runnable_model.hpp"

#include <functional>
#include <vector>

namespace CLI {
class App;
}

namespace vggen {

/// Adds a subcommand to the program. Returns what runs after the command line was read; it does nothing
/// unless its subcommand was given.
using command = std::function<std::function<void()>(CLI::App &)>;

/// Runs the program on a command line, with further commands if there are any. Returns the exit status: 0, or
/// 1 after one line "error: …" on standard error.
int run_program(runnable_model &model, int argc, char **argv, const std::vector<command> &more = {});

} // namespace vggen
