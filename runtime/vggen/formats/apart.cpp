#include "vggen/formats/apart.hpp"

#include "vggen/io/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vggen::detail {

namespace {

// How a child ended, where the parent can see it.
struct outcome {
  bool failed;
  error_code code;
  std::array<char, 4000> message;

  void set(error_code c, const char *text) {
    failed = true;
    code = c;
    std::strncpy(message.data(), text, message.size() - 1);
  }
};

class shared_outcome {
public:
  shared_outcome()
      : memory_(::mmap(nullptr, sizeof(outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
  }
  ~shared_outcome() { ::munmap(memory_, sizeof(outcome)); }
  shared_outcome(const shared_outcome &) = delete;
  shared_outcome &operator=(const shared_outcome &) = delete;
  outcome *operator->() const { return static_cast<outcome *>(memory_); }

private:
  void *memory_;
};

struct descriptor {
  int number = -1;
  descriptor() = default;
  ~descriptor() { close(); }
  descriptor(const descriptor &) = delete;
  descriptor &operator=(const descriptor &) = delete;
  void close() {
    if (number >= 0) ::close(number);
    number = -1;
  }
};

// Sanitizers take all address space there is, so that it cannot be limited.
void limit_memory([[maybe_unused]] std::uint64_t bytes) {
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define VGGEN_NO_LIMIT
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define VGGEN_NO_LIMIT
#endif
#ifndef VGGEN_NO_LIMIT
  std::uint64_t pages = 0; // that this process has
  if (std::FILE *status = std::fopen("/proc/self/statm", "r")) {
    unsigned long long count = 0;
    if (std::fscanf(status, "%llu", &count) == 1) pages = count;
    std::fclose(status);
  }
  const rlim_t most = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + bytes;
  const rlimit limit{most, most};
  ::setrlimit(RLIMIT_AS, &limit);
#endif
}

[[noreturn]] void run_child(int pipe, const shared_outcome &ended, std::uint64_t memory,
                            const std::function<void(const apart_sink &)> &work) {
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT})
    std::signal(number, SIG_DFL); // its end is the parent's to tell, not a handler's
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  limit_memory(memory);
  try {
    work([pipe](std::span<const std::byte> bytes) {
      while (!bytes.empty()) {
        const ssize_t count = ::write(pipe, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) ::_exit(1); // nobody takes it
        bytes = bytes.subspan(static_cast<std::size_t>(count));
      }
    });
  } catch (const error &problem) {
    ended->set(problem.code(), problem.what());
  } catch (const std::bad_alloc &) {
    ended->set(error_code::out_of_memory, "");
  } catch (...) {
    ended->set(error_code::corrupt_file, "");
  }
  ::_exit(0);
}

// A child, which does not outlive this object.
class child {
public:
  explicit child(pid_t process) : process_(process) {}
  ~child() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    static_cast<void>(wait());
  }
  child(const child &) = delete;
  child &operator=(const child &) = delete;

  // Returns whether it ended by itself.
  bool wait() {
    int how = 0;
    pid_t ended = 0;
    do
      ended = ::waitpid(process_, &how, 0);
    while (ended < 0 && errno == EINTR);
    process_ = -1;
    return ended > 0 && WIFEXITED(how) && WEXITSTATUS(how) == 0;
  }

private:
  pid_t process_;
};

} // namespace

void run_apart(const std::string &file_name, const apart_limits &limits,
               const std::function<void(const apart_sink &)> &work, const apart_sink &take) {
  const shared_outcome ended;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw error(error_code::out_of_memory,
                file_name + ": there is no pipe to be had: " + std::strerror(errno));
  descriptor from, to;
  from.number = ends[0];
  to.number = ends[1];
  const pid_t process = ::fork();
  if (process < 0)
    throw error(error_code::out_of_memory,
                file_name + ": there is no process to be had: " + std::strerror(errno));
  if (process == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // it does not outlive this process
    from.close();
    run_child(to.number, ended, limits.memory, work);
  }
  child running(process);
  to.close();

  std::vector<std::byte> piece(1 << 16);
  for (;;) {
    pollfd waiting{from.number, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, limits.seconds * 1000);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0)
      throw error(error_code::corrupt_file,
                  file_name + ": found a file that cannot be read in reasonable time");
    const ssize_t count = ::read(from.number, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    take(std::span(piece).first(static_cast<std::size_t>(count)));
  }
  const bool whole = running.wait();
  if (ended->failed && ended->message[0] != '\0') throw error(ended->code, ended->message.data());
  if (ended->failed && ended->code == error_code::out_of_memory)
    throw error(ended->code, file_name + ": there is not enough memory to read this file");
  if (!whole || ended->failed)
    throw error(error_code::corrupt_file, file_name + ": found a file that crashes its reader");
}

} // namespace vggen::detail
