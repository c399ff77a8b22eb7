// Reads a file from its beginning to its end, undoing gzip where the file is compressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace vggen::detail {

/// Represents the content of a file, plain or gzip (told apart by the first two bytes, not by the name), of
/// which more and more has been read. Errors are vggen::error: corrupt_file for what is said below and for
/// damaged compression (its checksums are verified), out_of_memory.
class byte_reader {
public:
  /// Throws cannot_open if the file is missing, is not a regular file, or may not be read.
  explicit byte_reader(const std::filesystem::path &path);
  ~byte_reader();
  byte_reader(const byte_reader &) = delete;
  byte_reader &operator=(const byte_reader &) = delete;

  /// Returns the next `count` bytes. Allocates as they arrive, never more than twice what the file holds, so
  /// that a `count` taken from a hostile file does no harm. Throws if the content ends before; `what` names
  /// them.
  [[nodiscard]] std::vector<std::uint8_t> read(std::uint64_t count, const char *what);

  /// Throws unless everything was read; `described` says what the content was expected to be.
  void expect_end(const std::string &described);

  [[nodiscard]] std::string name() const;

private:
  struct state;
  std::size_t read_some(std::span<std::uint8_t> out);

  std::unique_ptr<state> state_;
};

} // namespace vggen::detail
