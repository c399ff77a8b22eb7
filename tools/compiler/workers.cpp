#include "tools/compiler/workers.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <map>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>

namespace vggen {

namespace {

using clock = std::chrono::steady_clock;

struct worker {
  std::size_t task = 0;
  int error_pipe = -1; // what the task threw, as text
  clock::time_point start;
};

std::string one_line(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

[[noreturn]] void work(std::size_t index, int error_pipe, std::chrono::seconds limit,
                       const std::function<void(std::size_t)> &task) {
  alarm(static_cast<unsigned>(limit.count()));
  std::string error;
  try {
    task(index);
    _exit(0);
  } catch (const std::exception &e) {
    error = one_line(e.what());
  } catch (...) {
    error = "unknown error";
  }
  if (error.empty()) error = "unknown error";
  error.resize(std::min<std::size_t>(error.size(), 4000)); // fits a pipe's buffer
  [[maybe_unused]] const auto written = write(error_pipe, error.data(), error.size());
  _exit(1);
}

worker start(std::size_t index, std::chrono::seconds limit, const std::function<void(std::size_t)> &task,
             std::map<pid_t, worker> &running) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0)
    throw std::runtime_error(std::string("cannot make a pipe: ") + std::strerror(errno));
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error(std::string("cannot start a worker: ") + std::strerror(errno));
  if (child == 0) {
    close(ends[0]);
    work(index, ends[1], limit, task);
  }
  close(ends[1]);
  const worker w{.task = index, .error_pipe = ends[0], .start = clock::now()};
  running[child] = w;
  return w;
}

std::string error_of(const worker &w, int status, std::chrono::seconds limit) {
  std::string error;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = read(w.error_pipe, buffer.data(), buffer.size())) > 0;)
    error.append(buffer.data(), static_cast<std::size_t>(n));
  close(w.error_pipe);
  if (WIFSIGNALED(status)) {
    const int sent = WTERMSIG(status);
    if (sent == SIGALRM) return "took longer than " + std::to_string(limit.count()) + " s and was stopped";
    return std::string("its compiler died: ") + strsignal(sent);
  }
  if (WEXITSTATUS(status) != 0 && error.empty()) return "its compiler ended early";
  return error;
}

} // namespace

bool run_in_workers(std::size_t count, int jobs, std::chrono::seconds limit, after_error then,
                    const std::function<void(std::size_t)> &task,
                    const std::function<void(const task_result &)> &done) {
  std::map<pid_t, worker> running;
  std::size_t next = 0;
  bool good = true;
  const auto more = [&] { return next < count && (good || then == after_error::go_on); };
  while (more() || !running.empty()) {
    while (more() && static_cast<int>(running.size()) < jobs)
      start(next++, limit, task, running);
    int status = 0;
    const pid_t child = wait(&status);
    const auto found = running.find(child);
    if (found == running.end()) continue;
    const worker w = found->second;
    running.erase(found);
    const task_result result{.task = w.task,
                             .error = error_of(w, status, limit),
                             .seconds = std::chrono::duration<double>(clock::now() - w.start).count()};
    good = good && result.error.empty();
    done(result);
  }
  return good;
}

} // namespace vggen
