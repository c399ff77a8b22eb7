#include "tools/trainer/interrupt.hpp"

#include <csignal>

namespace vggen {

namespace {

volatile std::sig_atomic_t stop = 0;

extern "C" void note_signal(int signal) {
  stop = 1;
  std::signal(signal, SIG_DFL); // the next one is obeyed
}

} // namespace

interrupt_guard::interrupt_guard() {
  stop = 0;
  std::signal(SIGINT, note_signal);
  std::signal(SIGTERM, note_signal);
}

interrupt_guard::~interrupt_guard() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool interrupt_guard::asked_to_stop() noexcept { return stop != 0; }

} // namespace vggen
