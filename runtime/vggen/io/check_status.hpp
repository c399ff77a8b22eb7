// What the core runtime returns, thrown as an error.
#pragma once

#include "vggen/io/error.hpp"

#include <vggen/core/status.hpp>

#include <string>
#include <string_view>

namespace vggen {

/// Throws vggen::error unless `result` is ok: what was being done, the status's name, and what a kernel said
/// of it, if it said something.
inline void check_status(status result, const std::string &what, std::string_view message = {}) {
  if (result == status::ok) return;
  throw error(result == status::out_of_memory        ? error_code::out_of_memory
              : result == status::unsupported_target ? error_code::unsupported
              : result == status::invalid_argument   ? error_code::invalid_argument
                                                     : error_code::execution_failed,
              what + ": " + std::string(name_of(result)) +
                  (message.empty() ? std::string() : ": " + std::string(message)));
}

} // namespace vggen
