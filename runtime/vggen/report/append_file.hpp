// A file that only ever grows, by whole pieces: what a killed process leaves of a log can still be read.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>

namespace vggen::detail {

/// Represents a file open for appending, by one writer. Nothing is buffered: what append() has taken survives
/// the end of the process.
///
/// Functions throw vggen::error with cannot_write, naming `path` and the system's reason.
class append_file {
public:
  /// Opens the file at `path`, or makes it.
  [[nodiscard]] static append_file open(const std::filesystem::path &path);

  /// Makes the file at `path`; returns nothing if there is one already.
  [[nodiscard]] static std::optional<append_file> create(const std::filesystem::path &path);

  append_file(append_file &&other) noexcept;
  append_file &operator=(append_file &&) = delete;
  ~append_file();

  /// Appends all of `bytes`; where that fails (a full disk), the part that was written is cut off again.
  void append(std::span<const std::byte> bytes);

  /// As append(), but returns the system's error number, 0 if all went well.
  int try_append(std::span<const std::byte> bytes) noexcept;

  [[nodiscard]] const std::filesystem::path &path() const noexcept { return path_; }

private:
  append_file(const std::filesystem::path &path, int descriptor) : path_(path), descriptor_(descriptor) {}

  std::filesystem::path path_;
  int descriptor_; // -1 once moved from
};

} // namespace vggen::detail
