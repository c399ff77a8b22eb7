// A halide_buffer_t with memory of its own, between two guards that show who reads or writes past its ends.
#pragma once

#include "device_pool.hpp"

#include <HalideRuntime.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vggen::test {

/// First coordinate and extent of a dimension.
struct bounds {
  int min = 0;
  int extent = 0;
};

/// Represents a dense buffer, innermost dimension first. Its data begin at a multiple of 64 bytes, as kernels
/// expect.
class guarded_buffer {
public:
  guarded_buffer(halide_type_t type, std::span<const bounds> region);
  guarded_buffer(guarded_buffer &&) = default;
  guarded_buffer(const guarded_buffer &) = delete; // the halide_buffer_t points into this object's memory

  [[nodiscard]] halide_buffer_t *get() { return &buffer_; }
  [[nodiscard]] const halide_buffer_t &descriptor() const { return buffer_; }
  [[nodiscard]] std::size_t bytes() const { return size_ * static_cast<std::size_t>(buffer_.type.bytes()); }
  template <class T> [[nodiscard]] std::span<T> data() {
    return {reinterpret_cast<T *>(buffer_.host), size_};
  }
  template <class T> [[nodiscard]] std::span<const T> data() const {
    return {reinterpret_cast<const T *>(buffer_.host), size_};
  }

  /// Brings what a kernel left on a device to the host.
  /// Returns whether it succeeded.
  [[nodiscard]] bool fetch(device_pool &device, void *user_context);
  /// Gives a device what the host has. Returns whether it succeeded.
  [[nodiscard]] bool take_to(device_pool &device, void *user_context);
  /// Frees what a device has of it.
  void leave(device_pool &device) { device.give_back(nullptr, buffer_, bytes()); }

  /// Fills both guards with the pattern; with `data`, what is between them, too.
  void poison(std::uint32_t pattern, bool data);
  /// Whether both guards hold the pattern still.
  [[nodiscard]] bool guards_hold(std::uint32_t pattern) const;
  /// Data and guards in one number, to see changes.
  [[nodiscard]] std::uint64_t fingerprint() const;

private:
  struct alignas(64) block {
    std::byte bytes[64];
  };

  [[nodiscard]] std::span<const std::byte> all() const { return std::as_bytes(std::span(memory_)); }

  std::vector<halide_dimension_t> dimensions_;
  std::vector<block> memory_;
  std::size_t size_ = 1, guard_ = 0; ///< elements of data; bytes of the guard before
  halide_buffer_t buffer_{};
};

} // namespace vggen::test
