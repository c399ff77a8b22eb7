// The one exception type that vggen::io throws: a code for programs, a sentence for people.
#pragma once

#include <stdexcept>
#include <string>

namespace vggen {

enum class error_code {
  cannot_open,      ///< a file that is missing or may not be read
  cannot_write,     ///< a file that could not be written whole
  corrupt_file,     ///< the content contradicts itself or its format
  unsupported,      ///< valid, but of a kind that vggen does not read
  too_large,        ///< larger than what vggen is willing to load
  mismatch,         ///< valid, but made for something else (names, shapes, types)
  invalid_argument, ///< a value that the caller should not have given
  out_of_memory,    ///< memory could not be had
  execution_failed, ///< a kernel or the core runtime reported a failure
};

/// Represents a failure of vggen's I/O and training parts. `what()` is one message that names the file, and
/// both what was found and what was expected; it holds line breaks only where it lists several mismatches.
class error : public std::runtime_error {
public:
  error(error_code code, const std::string &message) : std::runtime_error(message), code_(code) {}

  [[nodiscard]] error_code code() const noexcept { return code_; }

private:
  error_code code_;
};

} // namespace vggen
