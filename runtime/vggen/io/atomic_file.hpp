// Writes a file so that its name always stands for a whole one: the old content or the new, never a part.
#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <span>

namespace vggen {

/// Represents a file being written aside, under a name of its own in the folder of `path`, which commit()
/// then gives the name `path`. Destroyed without commit(), it leaves nothing behind; a process that is killed
/// leaves the file aside (PATH.partial.PID.N) but `path` untouched.
///
/// Every function throws vggen::error with cannot_write, naming `path` and the system's reason.
class atomic_file {
public:
  /// Requires that `path` is free or a regular file: devices and folders are refused, not replaced. Of a
  /// symbolic link it is the link that is replaced. The new file has the permissions of a newly created one.
  explicit atomic_file(const std::filesystem::path &path);
  ~atomic_file();
  atomic_file(const atomic_file &) = delete;
  atomic_file &operator=(const atomic_file &) = delete;

  /// Appends `bytes`. They are buffered, so that small pieces are cheap.
  void write(std::span<const std::byte> bytes);

  /// Brings what was written to the disk, and only then to its name. To be called once, last.
  void commit();

private:
  [[noreturn]] void fail(const char *what) const;
  void sync_folder() const;

  std::filesystem::path path_;
  std::filesystem::path partial_; // empty once it has been renamed
  std::FILE *file_ = nullptr;     // null once it has been closed
};

} // namespace vggen
