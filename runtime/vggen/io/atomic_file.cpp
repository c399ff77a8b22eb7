// Write aside, fsync, rename, fsync the folder: the order that survives a crash or a power cut at any point.
#include "vggen/io/atomic_file.hpp"

#include "vggen/io/error.hpp"

#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace vggen {
namespace {

// Process id and count tell concurrent writers apart. A file that a killed process of the same id left
// behind is never written to: O_EXCL refuses it, and the next count is tried.
int create_aside(const std::filesystem::path &path, std::filesystem::path &partial) {
  static std::atomic<unsigned> count = 0;
  constexpr int attempts = 100;
  int file = -1;
  errno = EEXIST;
  for (int i = 0; i < attempts && file < 0 && errno == EEXIST; ++i) {
    partial = path;
    partial += ".partial." + std::to_string(::getpid()) + "." + std::to_string(count++);
    file = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  }
  return file;
}

} // namespace

atomic_file::atomic_file(const std::filesystem::path &path) : path_(path) {
  std::error_code ignored; // what keeps its status from being read keeps it from being written, see below
  const std::filesystem::file_status status = std::filesystem::status(path_, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    throw error(error_code::cannot_write,
                path_.string() + ": found " +
                    (std::filesystem::is_directory(status) ? "a directory" : "a special file") +
                    ", expected a regular file to replace, or none");
  std::filesystem::path partial;
  const int descriptor = create_aside(path_, partial);
  if (descriptor < 0) fail("cannot create a file beside it");
  partial_ = std::move(partial);
  file_ = ::fdopen(descriptor, "wb");
  if (file_ != nullptr) return;
  const int reason = errno;
  ::close(descriptor); // the destructor does not run for an object whose constructor throws
  ::unlink(partial_.c_str());
  errno = reason;
  fail("cannot open for writing");
}

atomic_file::~atomic_file() {
  if (file_ != nullptr) std::fclose(file_);
  if (!partial_.empty()) ::unlink(partial_.c_str());
}

void atomic_file::write(std::span<const std::byte> bytes) {
  if (bytes.empty()) return; // fwrite may not be given a null pointer

  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail("cannot write it whole");
}

void atomic_file::commit() {
  // Without fsync before the rename, a power cut could leave the new name on blocks never written.
  if (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0) fail("cannot write it whole");
  if (std::fclose(std::exchange(file_, nullptr)) != 0) fail("cannot close it");
  if (std::rename(partial_.c_str(), path_.c_str()) != 0) fail("cannot rename the new file to it");
  partial_.clear();
  sync_folder();
}

// The rename itself is a change of the folder. A folder that may be written but not read, or a file system
// that does not sync folders (EINVAL), is no reason to call a file unwritten that is there.
void atomic_file::sync_folder() const {
  const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  const int reason = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (reason == 0 || reason == EINVAL) return;
  errno = reason;
  fail("it is written, but may not survive a power cut");
}

void atomic_file::fail(const char *what) const {
  const std::string reason = std::generic_category().message(errno);
  throw error(error_code::cannot_write, path_.string() + ": " + what + ": " + reason);
}

} // namespace vggen
