// Runs code that hostile input can crash in a process of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace vggen::detail {

/// What a process apart may take.
struct apart_limits {
  std::uint64_t memory = 0; ///< bytes of address space beyond what this process has
  int seconds = 0;          ///< in which it must have sent something more, and have ended
};

using apart_sink = std::function<void(std::span<const std::byte>)>;

/// Runs `work` in a child process; what it sends arrives at `take`, in this process, in pieces of any size.
///
/// A vggen::error that `work` throws is thrown here. Throws vggen::error with corrupt_file if the child
/// crashes or takes too long, with out_of_memory if it could not have the memory, or if no process could be
/// made; each names `file_name`.
void run_apart(const std::string &file_name, const apart_limits &limits,
               const std::function<void(const apart_sink &send)> &work, const apart_sink &take);

} // namespace vggen::detail
