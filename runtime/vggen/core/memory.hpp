// Blocks of memory that are taken once, when a model is prepared.
#pragma once

#include <cstddef>
#include <span>

namespace vggen {

/// Represents a block of memory on a cache line's boundary: its own, freed with it, or one that the caller
/// lends.
class memory_block {
public:
  memory_block() = default;
  ~memory_block();
  memory_block(memory_block &&other) noexcept;
  memory_block &operator=(memory_block &&other) noexcept;
  memory_block(const memory_block &) = delete;
  memory_block &operator=(const memory_block &) = delete;

  static constexpr std::size_t alignment = 64;

  /// Makes the block `bytes` long: the lent one if there is one (not empty), else a new one; what it held
  /// before is freed. Returns false, with an empty block, if there is no memory, or if what is lent is too
  /// short or not aligned.
  [[nodiscard]] bool reset(std::size_t bytes, std::span<std::byte> lent = {}) noexcept;

  /// Gives back the memory of a part that is not needed for now: what it holds is lost. A lent block keeps
  /// it.
  void forget(std::size_t offset, std::size_t bytes) noexcept;

  [[nodiscard]] std::byte *data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
  void clear() noexcept;

  std::byte *data_ = nullptr;
  std::size_t size_ = 0;
  bool own_ = false;
};

} // namespace vggen
