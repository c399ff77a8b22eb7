// Runs functions in worker processes: a crash or a hang of one spoils nothing else.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace vggen {

/// Represents what one task came to. An empty error: it succeeded.
struct task_result {
  std::size_t task = 0;
  std::string error;
  double seconds = 0;
};

/// What run_in_workers() does after a task that failed.
enum class after_error { stop, go_on };

/// Runs tasks 0 … count-1 in processes of their own, `jobs` at a time, each for at most `limit`. What a task
/// throws becomes its error. `done` is told of each as it ends. Returns whether all succeeded.
bool run_in_workers(std::size_t count, int jobs, std::chrono::seconds limit, after_error then,
                    const std::function<void(std::size_t)> &task,
                    const std::function<void(const task_result &)> &done);

} // namespace vggen
