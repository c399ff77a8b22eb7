#include "device_pool.hpp"

#include <algorithm>
#include <cstdlib>

namespace vggen::test {

device_pool::~device_pool() {
  if (block_.device != 0) halide_device_free(nullptr, &block_);
}

bool device_pool::take(void *user_context) {
  // Halide's allocator for Vulkan rounds sizes down to what suits the device, also those of a kernel's
  // arguments, unless it is told to take whole units (MiB of a block at least, and bytes of a unit)
  setenv("HL_VK_ALLOC_CONFIG", "0:32:0:0:256", 0);
  if (block_.device != 0) return true;
  block_.type = halide_type_of<std::uint8_t>();
  block_.dimensions = 1;
  block_.dim = &all_;
  return halide_device_malloc(user_context, &block_, &device_) == 0;
}

bool device_pool::lend(void *user_context, halide_buffer_t &buffer, std::size_t bytes) {
  if (buffer.device != 0) return true;
  if (!take(user_context) || used_ + bytes > size) return false;
  halide_dimension_t part(static_cast<int>(used_), static_cast<int>(rounded(bytes)), 1);
  halide_buffer_t crop{};
  crop.type = block_.type;
  crop.dimensions = 1;
  crop.dim = &part;
  if (halide_device_crop(user_context, &block_, &crop) != 0) return false;
  buffer.device = crop.device;
  buffer.device_interface = crop.device_interface;
  used_ += rounded(bytes);
  return true;
}

halide_buffer_t device_pool::whole_units(const halide_buffer_t &buffer, std::size_t bytes) {
  copied_.resize(rounded(bytes));
  copied_extent_ = halide_dimension_t(0, static_cast<int>(copied_.size()), 1);
  halide_buffer_t units = buffer;
  units.host = copied_.data();
  units.type = block_.type;
  units.dimensions = 1;
  units.dim = &copied_extent_;
  return units;
}

bool device_pool::write(void *user_context, const halide_buffer_t &buffer, std::size_t bytes) {
  halide_buffer_t units = whole_units(buffer, bytes);
  std::copy_n(buffer.host, bytes, units.host);
  units.set_device_dirty(false);
  units.set_host_dirty();
  return halide_copy_to_device(user_context, &units, units.device_interface) == 0;
}

bool device_pool::read(void *user_context, halide_buffer_t &buffer, std::size_t bytes) {
  halide_buffer_t units = whole_units(buffer, bytes);
  units.set_host_dirty(false);
  units.set_device_dirty();
  if (halide_copy_to_host(user_context, &units) != 0) return false;
  std::copy_n(units.host, bytes, buffer.host);
  buffer.set_device_dirty(false);
  return true;
}

void device_pool::give_back(void *user_context, halide_buffer_t &buffer, std::size_t bytes) {
  if (buffer.device == 0) return;
  halide_device_release_crop(user_context, &buffer);
  used_ -= rounded(bytes);
}

} // namespace vggen::test
