// What this machine can do at most: the yardstick for kernels.
#pragma once

#include <string>

namespace vggen {

/// Represents a machine's limits for a number of threads.
struct measured_machine {
  std::string cpu; ///< the processor's model name
  int threads = 1;
  double gflops = 0;    ///< float32 multiply-adds in registers, two operations each: 10^9 a second
  double read_gbps = 0; ///< reading from memory, far more than the caches hold: 10^9 bytes a second
};

/// Measures for about a second, with all of `threads` at work.
measured_machine measure_machine(int threads);

/// The model name alone.
std::string processor_name();

} // namespace vggen
