// Ctrl-C, and what a system sends to end a program, as a question to be asked between steps.
#pragma once

namespace vggen {

/// While one lives, SIGINT and SIGTERM are noted instead of ending the program; a second one ends it.
class interrupt_guard {
public:
  interrupt_guard();
  ~interrupt_guard();
  interrupt_guard(const interrupt_guard &) = delete;
  interrupt_guard &operator=(const interrupt_guard &) = delete;

  [[nodiscard]] static bool asked_to_stop() noexcept;
};

} // namespace vggen
