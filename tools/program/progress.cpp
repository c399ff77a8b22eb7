#include "tools/program/progress.hpp"

#include <cstdio>
#include <utility>

#include <unistd.h>

namespace vggen {

progress::progress(std::string what)
    : what_(std::move(what)), next_(clock::now() + std::chrono::seconds(1)),
      terminal_(isatty(STDERR_FILENO) != 0) {}

progress::~progress() {
  if (shown_ && terminal_) std::fputs("\r\033[K", stderr);
}

void progress::update(double done) {
  const auto now = clock::now();
  if (now < next_) return;
  next_ = now + (terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000));
  std::fprintf(stderr, terminal_ ? "\r%s: %3.0f %%" : "%s: %3.0f %%\n", what_.c_str(), 100 * done);
  shown_ = true;
}

} // namespace vggen
