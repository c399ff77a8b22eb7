// Runs another program for a limited time and takes what it prints.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace vggen {

/// Runs a program (looked up in PATH) and returns what it wrote on standard output. Throws std::runtime_error
/// with one line that says why not: what it wrote on standard error, the signal it died of, or that it took
/// longer than `limit`, after which it and what it started are killed.
std::string run_program(const std::vector<std::string> &command, std::chrono::milliseconds limit);

/// Makes Ctrl-C and SIGTERM end what run_program() has started, too.
void stop_programs_with_this_one();

} // namespace vggen
