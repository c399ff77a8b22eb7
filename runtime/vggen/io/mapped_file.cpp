// Maps a file with POSIX mmap; the descriptor is closed at once, as the mapping does not need it.
#include "vggen/io/mapped_file.hpp"

#include "vggen/io/error.hpp"

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vggen {
namespace {

struct descriptor {
  int number;

  explicit descriptor(int opened) : number(opened) {}
  ~descriptor() {
    if (number >= 0) ::close(number);
  }
  descriptor(const descriptor &) = delete;
  descriptor &operator=(const descriptor &) = delete;
};

error failure(error_code code, const std::string &name, const std::string &what) {
  return {code, name + ": " + what + ": " + std::generic_category().message(errno)};
}

std::span<const std::byte> map_whole(const std::string &name) {
  // Without O_NONBLOCK, opening a pipe would wait for a writer before it could be seen to be one.
  const descriptor file(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number < 0) throw failure(error_code::cannot_open, name, "cannot open for reading");
  struct stat status = {};
  if (::fstat(file.number, &status) != 0)
    throw failure(error_code::cannot_open, name, "cannot tell its size");
  if (!S_ISREG(status.st_mode))
    throw error(error_code::cannot_open, name + ": found " +
                                             (S_ISDIR(status.st_mode) ? "a directory" : "a special file") +
                                             ", expected a regular file");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return {}; // mmap refuses an empty range
  void *first = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
  if (first == MAP_FAILED)
    throw failure(errno == ENOMEM ? error_code::out_of_memory : error_code::cannot_open, name,
                  "cannot map its " + std::to_string(size) + " bytes");
  return {static_cast<const std::byte *>(first), size};
}

void unmap(std::span<const std::byte> bytes) {
  if (!bytes.empty()) ::munmap(const_cast<std::byte *>(bytes.data()), bytes.size());
}

} // namespace

mapped_file::mapped_file(const std::filesystem::path &path) : path_(path), bytes_(map_whole(path.string())) {}

mapped_file::mapped_file(std::span<const std::byte> bytes, const std::filesystem::path &name)
    : path_(name), bytes_(bytes), mapped_(false) {}

mapped_file::~mapped_file() {
  if (mapped_) unmap(bytes_);
}

void mapped_file::release(std::span<const std::byte> part) const noexcept {
  if (!mapped_ || part.empty()) return;
  const auto address = [](const std::byte *p) { return reinterpret_cast<std::uintptr_t>(p); };
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::uintptr_t first = address(bytes_.data()), last = first + bytes_.size();
  const std::uintptr_t begin = (address(part.data()) + page - 1) / page * page;
  const std::uintptr_t end = (address(part.data()) + part.size()) / page * page;
  if (begin < first || end > last || begin >= end) return;
  ::madvise(const_cast<std::byte *>(bytes_.data()) + (begin - first), end - begin, MADV_DONTNEED);
}

mapped_file::mapped_file(mapped_file &&other) noexcept
    : path_(std::move(other.path_)), bytes_(std::exchange(other.bytes_, {})), mapped_(other.mapped_) {}

mapped_file &mapped_file::operator=(mapped_file &&other) noexcept {
  std::swap(path_, other.path_);
  std::swap(bytes_, other.bytes_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

} // namespace vggen
