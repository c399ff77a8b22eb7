// Starts threads, with vggen's kind of error where the system has none left.
#pragma once

#include "vggen/io/error.hpp"

#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace vggen::detail {

/// The most threads that reading pictures takes: far more than it can use, far fewer than a system allows.
inline constexpr int most_threads = 1024;

/// Adds `count` threads that each call `work()` to `threads`. Throws vggen::error with out_of_memory if the
/// system refuses one; those that run already are in `threads` then.
template <class Work> void start_threads(std::vector<std::jthread> &threads, int count, const Work &work) {
  try {
    for (int i = 0; i < count; ++i)
      threads.emplace_back(work);
  } catch (const std::system_error &problem) {
    throw error(error_code::out_of_memory,
                "cannot start " + std::to_string(count) + " threads: " + problem.what());
  }
}

} // namespace vggen::detail
