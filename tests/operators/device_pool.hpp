// Memory on a device: one block, of which buffers get parts, as the runtime does it.
//
// Halide's allocator for Vulkan refuses sizes that do not suit it, those of the buffers through which it
// copies among them (https://github.com/halide/Halide/issues/8868): all that is lent and copied is of whole
// units.
#pragma once

#include <HalideRuntime.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vggen::test {

/// Represents a block of memory on a device. What was lent last is given back first.
class device_pool {
public:
  explicit device_pool(const halide_device_interface_t &device) : device_(device) {}
  ~device_pool();
  device_pool(const device_pool &) = delete;
  device_pool &operator=(const device_pool &) = delete;

  /// Gives a buffer of so many bytes its place on the device, at the first use after the block was taken.
  /// Returns whether it succeeded.
  [[nodiscard]] bool lend(void *user_context, halide_buffer_t &buffer, std::size_t bytes);
  /// Copies what the host has of a buffer to its place, or back. Return whether they succeeded.
  [[nodiscard]] bool write(void *user_context, const halide_buffer_t &buffer, std::size_t bytes);
  [[nodiscard]] bool read(void *user_context, halide_buffer_t &buffer, std::size_t bytes);
  /// Takes the place back.
  void give_back(void *user_context, halide_buffer_t &buffer, std::size_t bytes);

private:
  static constexpr std::size_t size = std::size_t{1} << 29, alignment = 512;
  static std::size_t rounded(std::size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }
  [[nodiscard]] halide_buffer_t whole_units(const halide_buffer_t &buffer, std::size_t bytes);
  [[nodiscard]] bool take(void *user_context);

  const halide_device_interface_t &device_;
  halide_dimension_t all_{0, static_cast<int>(size), 1};
  halide_buffer_t block_{};
  std::size_t used_ = 0;
  std::vector<std::uint8_t> copied_; ///< what passes between the host and the device
  halide_dimension_t copied_extent_;
};

} // namespace vggen::test
