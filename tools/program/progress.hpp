// Tells people that something takes its time: nothing for the first second, then how far it is.
#pragma once

#include <chrono>
#include <string>

namespace vggen {

/// Represents work that is shown on standard error while it goes on: on a terminal a line that changes,
/// elsewhere a line every few seconds.
class progress {
public:
  explicit progress(std::string what);
  ~progress();
  progress(const progress &) = delete;
  progress &operator=(const progress &) = delete;

  /// So much is done, of 1.
  void update(double done);

private:
  using clock = std::chrono::steady_clock;

  std::string what_;
  clock::time_point next_;
  bool terminal_;
  bool shown_ = false;
};

} // namespace vggen
