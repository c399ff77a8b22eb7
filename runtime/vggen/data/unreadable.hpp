// What is done about pictures that cannot be read.
#pragma once

#include "vggen/io/error.hpp"

namespace vggen {

enum class unreadable_images {
  stop, ///< the error is the caller's
  skip, ///< the picture is left out, and counted
};

namespace detail {

/// Whether `problem` is the picture's own, and not the machine's.
inline bool is_about_picture(const error &problem) noexcept {
  return problem.code() != error_code::out_of_memory;
}

} // namespace detail
} // namespace vggen
