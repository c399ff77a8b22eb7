// Options that several commands of a program have.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace vggen {

inline constexpr const char *preprocess_help =
    "torchvision, caffe or unit (default: what the weights say, else torchvision)";

inline void add_preprocess(CLI::App &command, std::string &name) {
  command.add_option("--preprocess", name, preprocess_help);
}

inline void add_threads(CLI::App &command, int &threads) {
  command
      .add_option("--threads", threads, "threads to use (default: VGGEN_NUM_THREADS, else all processors)")
      ->check(CLI::Range(1, 256));
}

} // namespace vggen
