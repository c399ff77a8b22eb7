#include "vggen/core/memory.hpp"

#include <cstdint>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

namespace vggen {

memory_block::~memory_block() { clear(); }

memory_block::memory_block(memory_block &&other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)),
      own_(std::exchange(other.own_, false)) {}

memory_block &memory_block::operator=(memory_block &&other) noexcept {
  if (this != &other) {
    clear();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    own_ = std::exchange(other.own_, false);
  }
  return *this;
}

bool memory_block::reset(std::size_t bytes, std::span<std::byte> lent) noexcept {
  clear();
  if (!lent.empty()) {
    if (lent.size() < bytes || reinterpret_cast<std::uintptr_t>(lent.data()) % alignment != 0) return false;
    data_ = lent.data();
    size_ = bytes;
    return true;
  }
  if (bytes == 0) return true;
  void *const p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return false;
  madvise(p, bytes, MADV_HUGEPAGE); // fewer page-table misses; only a hint
  data_ = static_cast<std::byte *>(p);
  size_ = bytes;
  own_ = true;
  return true;
}

void memory_block::forget(std::size_t offset, std::size_t bytes) noexcept {
  if (!own_) return;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t first = (offset + page - 1) / page * page, end = (offset + bytes) / page * page;
  if (first < end) madvise(data_ + first, end - first, MADV_DONTNEED);
}

void memory_block::clear() noexcept {
  if (own_) munmap(data_, size_);
  data_ = nullptr;
  size_ = 0;
  own_ = false;
}

} // namespace vggen
