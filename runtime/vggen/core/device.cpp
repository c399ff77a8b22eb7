#include "vggen/core/device.hpp"

#include <algorithm>
#include <limits>

extern "C" {
// of Halide's runtime for devices, if the program has it
__attribute__((weak)) const halide_device_interface_t *halide_cuda_device_interface();
__attribute__((weak)) const halide_device_interface_t *halide_opencl_device_interface();
__attribute__((weak)) const halide_device_interface_t *halide_vulkan_device_interface();
}

namespace vggen {

namespace {

constexpr std::size_t word = sizeof(std::uint64_t); // blocks are counted in these: bytes would be too many

} // namespace

const halide_device_interface_t *interface_of(device_api api) noexcept {
  switch (api) {
  case device_api::cuda:
    return halide_cuda_device_interface ? halide_cuda_device_interface() : nullptr;
  case device_api::opencl:
    return halide_opencl_device_interface ? halide_opencl_device_interface() : nullptr;
  case device_api::vulkan:
    return halide_vulkan_device_interface ? halide_vulkan_device_interface() : nullptr;
  case device_api::cpu:
    break;
  }
  return nullptr;
}

status device_block::take(void *user_context, const halide_device_interface_t *device,
                          std::span<std::byte> host) noexcept {
  free();
  if (host.empty()) return status::ok;
  const std::size_t words = (host.size() + device_alignment - 1) / device_alignment * device_alignment / word;
  if (words > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    return status::out_of_memory;
  words_ = halide_dimension_t(0, static_cast<std::int32_t>(words), 1);
  whole_ = {};
  whole_.type = halide_type_t(halide_type_uint, 64);
  whole_.dimensions = 1;
  whole_.dim = &words_;
  if (halide_device_malloc(user_context, &whole_, device) != 0) return status::out_of_memory;
  host_ = host;
  crossings_ = {};
  return status::ok;
}

void device_block::free() noexcept {
  for (part &p : parts_) {
    if (p.device == 0) continue;
    halide_buffer_t crop{};
    crop.device = p.device;
    crop.device_interface = whole_.device_interface;
    halide_device_release_crop(nullptr, &crop);
    p = {};
  }
  if (whole_.device != 0) halide_device_free(nullptr, &whole_);
  whole_ = {};
  host_ = {};
}

int device_block::bind(void *user_context, halide_buffer_t &buffer) noexcept {
  const auto offset =
      static_cast<std::size_t>(reinterpret_cast<const std::byte *>(buffer.host) - host_.data());
  buffer.device_interface = whole_.device_interface;
  std::size_t at = offset / device_alignment % most_parts;
  for (std::size_t tried = 0; tried < most_parts; ++tried, at = (at + 1) % most_parts) {
    part &p = parts_[at];
    if (p.device != 0 && p.offset == offset) {
      buffer.device = p.device;
      return 0;
    }
    if (p.device != 0) continue;
    halide_dimension_t rest(static_cast<std::int32_t>(offset / word),
                            words_.extent - static_cast<std::int32_t>(offset / word), 1);
    halide_buffer_t crop{};
    crop.type = whole_.type;
    crop.dimensions = 1;
    crop.dim = &rest;
    if (const int error = halide_device_crop(user_context, &whole_, &crop); error != 0) return error;
    p = {.offset = offset, .device = crop.device};
    buffer.device = crop.device;
    return 0;
  }
  halide_error(user_context, "a block of device memory has more parts than it can name");
  return halide_error_code_internal_error;
}

int device_block::copy(void *user_context, const void *place, void *host, std::size_t bytes,
                       bool to_device) noexcept {
  // in pieces that an int can count
  constexpr std::size_t most = std::size_t{1} << 30;
  for (std::size_t done = 0; done < bytes;) {
    const std::size_t now = std::min(most, bytes - done);
    halide_dimension_t extent(0, static_cast<std::int32_t>(now), 1);
    halide_buffer_t piece{};
    piece.host = const_cast<std::uint8_t *>(static_cast<const std::uint8_t *>(place)) + done;
    piece.type = halide_type_t(halide_type_uint, 8);
    piece.dimensions = 1;
    piece.dim = &extent;
    if (const int error = bind(user_context, piece); error != 0) return error;
    piece.host = static_cast<std::uint8_t *>(host) + done;
    if (to_device)
      piece.set_host_dirty();
    else
      piece.set_device_dirty();
    const int error = to_device ? halide_copy_to_device(user_context, &piece, whole_.device_interface)
                                : halide_copy_to_host(user_context, &piece);
    if (error != 0) return error;
    done += now;
  }
  return 0;
}

status device_block::upload(void *user_context, const void *place, const void *from,
                            std::size_t bytes) noexcept {
  if (copy(user_context, place, const_cast<void *>(from), bytes, true) != 0) return status::kernel_failed;
  ++crossings_.uploads;
  crossings_.uploaded_bytes += static_cast<std::int64_t>(bytes);
  return status::ok;
}

status device_block::download(void *user_context, const void *place, void *to, std::size_t bytes) noexcept {
  if (copy(user_context, place, to, bytes, false) != 0) return status::kernel_failed;
  ++crossings_.downloads;
  crossings_.downloaded_bytes += static_cast<std::int64_t>(bytes);
  return status::ok;
}

device_block *device_memory::block_of(const void *pointer) const noexcept {
  for (device_block *const block : blocks_)
    if (block && block->contains(pointer)) return block;
  return nullptr;
}

int device_memory::bind(void *user_context, halide_buffer_t &buffer) noexcept {
  if (device_block *const block = block_of(buffer.host)) return block->bind(user_context, buffer);
  halide_error(user_context, "a buffer is not in the device's memory");
  return halide_error_code_internal_error;
}

status device_memory::upload(void *user_context, const void *place, const void *from,
                             std::size_t bytes) noexcept {
  device_block *const block = block_of(place);
  return block ? block->upload(user_context, place, from, bytes) : status::invalid_argument;
}

status device_memory::download(void *user_context, const void *place, void *to, std::size_t bytes) noexcept {
  device_block *const block = block_of(place);
  return block ? block->download(user_context, place, to, bytes) : status::invalid_argument;
}

device_crossings device_memory::crossings() const noexcept {
  device_crossings all;
  for (const device_block *const block : blocks_)
    if (block) {
      all.uploads += block->crossings().uploads;
      all.uploaded_bytes += block->crossings().uploaded_bytes;
      all.downloads += block->crossings().downloads;
      all.downloaded_bytes += block->crossings().downloaded_bytes;
    }
  return all;
}

} // namespace vggen
