// POSIX files opened with O_APPEND, and written without a buffer.
#include "vggen/report/append_file.hpp"

#include "vggen/io/error.hpp"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace vggen::detail {
namespace {

[[noreturn]] void fail(const std::filesystem::path &path, const char *what, int reason) {
  throw error(error_code::cannot_write,
              path.string() + ": " + what + ": " + std::generic_category().message(reason));
}

int open_descriptor(const std::filesystem::path &path, int more_flags) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | more_flags, 0666);
}

} // namespace

append_file append_file::open(const std::filesystem::path &path) {
  const int descriptor = open_descriptor(path, 0);
  if (descriptor < 0) fail(path, "cannot open for appending", errno);
  return {path, descriptor};
}

std::optional<append_file> append_file::create(const std::filesystem::path &path) {
  const int descriptor = open_descriptor(path, O_EXCL);
  if (descriptor >= 0) return append_file(path, descriptor);
  if (errno != EEXIST) fail(path, "cannot create it", errno);
  return std::nullopt;
}

append_file::append_file(append_file &&other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

append_file::~append_file() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void append_file::append(std::span<const std::byte> bytes) {
  if (const int reason = try_append(bytes); reason != 0) fail(path_, "cannot append to it", reason);
}

int append_file::try_append(std::span<const std::byte> bytes) noexcept {
  const off_t end = ::lseek(descriptor_, 0, SEEK_END);
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      const int reason = errno;
      // devices and pipes have no end to go back to: there, what is written is written
      [[maybe_unused]] const int cut_off = end < 0 ? -1 : ::ftruncate(descriptor_, end);
      return reason;
    }
  }
  return 0;
}

} // namespace vggen::detail
