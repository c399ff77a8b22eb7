#include "tools/vggen-tune/process.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace vggen {

namespace {

using clock = std::chrono::steady_clock;

volatile pid_t running_group = 0; // what a signal must end; 0: nothing

void stop_all(int signal) {
  if (running_group > 0) kill(-running_group, SIGKILL);
  std::signal(signal, SIG_DFL);
  raise(signal);
}

// What a program writes to one of its streams.
struct stream {
  int read_end = -1, write_end = -1;
  std::string text;

  stream() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
      throw std::runtime_error(std::string("cannot make a pipe: ") + std::strerror(errno));
    read_end = ends[0];
    write_end = ends[1];
  }
  ~stream() {
    close_write_end();
    if (read_end >= 0) close(read_end);
  }
  stream(const stream &) = delete;
  stream &operator=(const stream &) = delete;

  void close_write_end() {
    if (write_end >= 0) close(write_end);
    write_end = -1;
  }
  // Takes what is there. False at its end.
  bool take() {
    std::array<char, 4096> buffer{};
    const ssize_t n = read(read_end, buffer.data(), buffer.size());
    if (n <= 0) return false;
    if (text.size() < 65'536) text.append(buffer.data(), static_cast<std::size_t>(n));
    return true;
  }
};

std::string last_line(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    text.pop_back();
  const auto start = text.rfind('\n');
  if (start != std::string::npos) text.erase(0, start + 1);
  return text.starts_with("error: ") ? text.substr(7) : text;
}

pid_t start(const std::vector<std::string> &command, stream &output, stream &errors) {
  std::vector<char *> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string &word : command)
    arguments.push_back(const_cast<char *>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output.write_end, 1);
  posix_spawn_file_actions_adddup2(&files, errors.write_end, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP); // a group of its own, to be killed together
  posix_spawnattr_setpgroup(&attributes, 0);
  pid_t child = 0;
  const int code = posix_spawnp(&child, arguments[0], &files, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (code != 0) throw std::runtime_error("cannot start " + command[0] + ": " + std::strerror(code));
  return child;
}

// Reads both streams to their ends. False if that takes too long.
bool read_to_end(stream &output, stream &errors, clock::time_point end) {
  std::array<stream *, 2> open{&output, &errors};
  std::array<pollfd, 2> waiting{pollfd{output.read_end, POLLIN, 0}, pollfd{errors.read_end, POLLIN, 0}};
  while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - clock::now()).count();
    if (left <= 0) return false;
    if (poll(waiting.data(), waiting.size(), static_cast<int>(left)) <= 0) continue;
    for (std::size_t i = 0; i < waiting.size(); ++i)
      if (waiting[i].fd >= 0 && waiting[i].revents != 0 && !open[i]->take()) waiting[i].fd = -1;
  }
  return true;
}

} // namespace

std::string run_program(const std::vector<std::string> &command, std::chrono::milliseconds limit) {
  stream output, errors;
  const pid_t child = start(command, output, errors);
  running_group = child;
  output.close_write_end();
  errors.close_write_end();
  const bool in_time = read_to_end(output, errors, clock::now() + limit);
  if (!in_time) kill(-child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  running_group = 0;
  if (!in_time)
    throw std::runtime_error("took longer than " + std::to_string(limit.count() / 1000) +
                             " s and was stopped");
  if (WIFSIGNALED(status)) throw std::runtime_error(std::string("it died: ") + strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) {
    const std::string why = last_line(errors.text);
    throw std::runtime_error(why.empty() ? "ended with " + std::to_string(WEXITSTATUS(status)) : why);
  }
  return output.text;
}

void stop_programs_with_this_one() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    std::signal(signal, stop_all);
}

} // namespace vggen
