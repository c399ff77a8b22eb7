#include "guarded_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace vggen::test {

namespace {

constexpr std::size_t alignment = 64;

// The byte of a repeated pattern at that place.
std::byte pattern_byte(std::uint32_t pattern, std::size_t at) {
  std::byte bytes[sizeof pattern];
  std::memcpy(bytes, &pattern, sizeof pattern);
  return bytes[at % sizeof pattern];
}

} // namespace

guarded_buffer::guarded_buffer(halide_type_t type, std::span<const bounds> region) {
  for (const bounds &range : region) {
    dimensions_.emplace_back(range.min, range.extent, static_cast<std::int32_t>(size_));
    size_ *= static_cast<std::size_t>(range.extent);
  }
  const std::size_t element = static_cast<std::size_t>(type.bytes());
  // two rows of an image [c, x, y, n]: what a tile may overrun
  const std::size_t rows =
      region.size() == 4 ? 2 * element * static_cast<std::size_t>(dimensions_[2].stride) : 0;
  guard_ = (std::max<std::size_t>(rows, 4096) + alignment - 1) / alignment * alignment;
  memory_.resize((2 * guard_ + size_ * element + alignment - 1) / alignment);
  buffer_.host = reinterpret_cast<std::uint8_t *>(memory_.data()) + guard_;
  buffer_.type = type;
  buffer_.dimensions = static_cast<std::int32_t>(dimensions_.size());
  buffer_.dim = dimensions_.data();
}

bool guarded_buffer::fetch(device_pool &device, void *user_context) {
  return device.read(user_context, buffer_, bytes());
}

bool guarded_buffer::take_to(device_pool &device, void *user_context) {
  buffer_.set_device_dirty(false);
  return device.lend(user_context, buffer_, bytes()) && device.write(user_context, buffer_, bytes());
}

void guarded_buffer::poison(std::uint32_t pattern, bool data) {
  const std::span<std::byte> memory = std::as_writable_bytes(std::span(memory_));
  for (std::size_t i = 0; i < memory.size(); ++i) {
    if (i == guard_ && !data) i += bytes(); // there is a guard after, so this still is inside
    memory[i] = pattern_byte(pattern, i);
  }
}

bool guarded_buffer::guards_hold(std::uint32_t pattern) const {
  const std::span<const std::byte> memory = all();
  for (std::size_t i = 0; i < memory.size(); ++i) {
    if (i == guard_) i += bytes();
    if (memory[i] != pattern_byte(pattern, i)) return false;
  }
  return true;
}

std::uint64_t guarded_buffer::fingerprint() const {
  std::uint64_t hash = 0xcbf29ce484222325u; // FNV-1a by words; blocks are whole words
  const std::span<const std::byte> memory = all();
  for (std::size_t i = 0; i < memory.size(); i += sizeof hash) {
    std::uint64_t word = 0;
    std::memcpy(&word, &memory[i], sizeof word);
    hash = (hash ^ word) * 0x100000001b3u;
  }
  return hash;
}

} // namespace vggen::test
