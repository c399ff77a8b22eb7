// A file's bytes without reading them: a read-only memory map. Weights are hundreds of megabytes; mapped,
// they are paged in where they are used, shared between processes, and never copied.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace vggen {

/// Represents the whole of one regular file, mapped read-only into memory for as long as this object lives.
/// Moving it leaves the mapping where it is: spans taken before stay valid.
///
/// Replacing the file by rename (as atomic_file does) is harmless: the mapping keeps the old one. Truncating
/// it in place is not: the system answers a later access beyond the new end with SIGBUS.
class mapped_file {
public:
  /// Maps the file at `path`; an empty file is allowed and gives an empty span. Throws vggen::error with
  /// cannot_open if it is missing, is not a regular file, or may not be read; with out_of_memory if there is
  /// not enough address space.
  explicit mapped_file(const std::filesystem::path &path);
  /// A file that is in memory already, linked into the program say: bytes that outlive this object, called
  /// `name`.
  mapped_file(std::span<const std::byte> bytes, const std::filesystem::path &name);
  ~mapped_file();

  mapped_file(mapped_file &&other) noexcept;
  mapped_file &operator=(mapped_file &&other) noexcept;
  mapped_file(const mapped_file &) = delete;
  mapped_file &operator=(const mapped_file &) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }
  /// Gives back the memory that holds whole pages of `part`; it stays readable, and is read from the file
  /// again. Does nothing to bytes outside the file, or to a file that was in memory already.
  void release(std::span<const std::byte> part) const noexcept;
  [[nodiscard]] const std::filesystem::path &path() const noexcept { return path_; }

private:
  std::filesystem::path path_;
  std::span<const std::byte> bytes_;
  bool mapped_ = true; ///< by this object, which has to end it
};

} // namespace vggen
