// Where kernels run: a team of threads and scratch memory that belong to one context.
//
// A compiled kernel asks Halide's runtime for memory and for parallel loops, and hands on the user context it
// was called with. The runtime's hooks (installed with the first execution) see whose kernel it is and serve
// it from that execution. Calls with another user context, from pipelines that are not vggen's, go on to
// Halide's own functions. The hooks belong to the process; vggen is their only owner in a program that links
// it.
#pragma once

#include "vggen/core/device.hpp"
#include "vggen/core/memory.hpp"
#include "vggen/core/status.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace vggen {

/// The number of threads to use when nobody says: VGGEN_NUM_THREADS from the environment, else all
/// processors.
int default_threads() noexcept;

/// Represents the threads and the scratch memory of a context. Not to be used from two threads at the same
/// time.
class execution {
public:
  static constexpr int most_threads = 256;

  execution() noexcept;
  ~execution();
  execution(const execution &) = delete;
  execution &operator=(const execution &) = delete;

  /// Bytes of scratch that `threads` threads need for kernels with these demands.
  [[nodiscard]] static std::size_t scratch_bytes(std::int64_t shared, std::int64_t per_task,
                                                 int threads) noexcept;

  /// Starts threads - 1 threads beside the caller's own and takes the scratch memory, or uses what is lent.
  status prepare(int threads, std::int64_t shared, std::int64_t per_task, std::span<std::byte> lent) noexcept;

  /// Makes kernels run on a device, from the caller's own thread. Returns no_device, and the message why, if
  /// it cannot be had.
  status prepare(device_api device) noexcept;
  /// The device's memory, where there is a device.
  [[nodiscard]] device_memory &memory() noexcept { return memory_; }
  [[nodiscard]] const device_memory &memory() const noexcept { return memory_; }

  /// What a kernel gets as its user context; null before prepare().
  [[nodiscard]] void *user_context() const noexcept;

  [[nodiscard]] int threads() const noexcept;

  /// What a kernel said when it failed; empty if none did. One line.
  [[nodiscard]] const char *message() const noexcept { return message_.data(); }
  void set_message(const char *text) noexcept;

  struct team; // the threads; in execution.cpp

private:
  std::unique_ptr<team> team_;
  memory_block scratch_;
  device_memory memory_;
  std::array<char, 512> message_{};
};

namespace detail {

/// The device's memory that the kernels of a user context use; null: the processor's own.
device_memory *device_memory_of(void *user_context) noexcept;

} // namespace detail

} // namespace vggen
