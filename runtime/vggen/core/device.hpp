// Memory on a device, and what passes between it and the host.
//
// Kernels are called with pointers to the host. On a device these are names: a block of the host's memory has
// a twin there, and a buffer that lies in the block is the same part of the twin. The block's pages are
// touched only where something is copied.
#pragma once

#include "vggen/core/device_api.hpp"
#include "vggen/core/memory.hpp"
#include "vggen/core/status.hpp"

#include <HalideRuntime.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace vggen {

/// Where buffers may begin on a device, in bytes from the start of their block: what all devices are content
/// with.
inline constexpr std::size_t device_alignment = 512;

/// Represents what has been copied between the host and a device.
struct device_crossings {
  std::int64_t uploads = 0, uploaded_bytes = 0, downloads = 0, downloaded_bytes = 0;
};

/// The interface of Halide's runtime to a kind of device; null for the processor itself, or if the program is
/// not linked with it (vggen::halide_gpu_runtime).
const halide_device_interface_t *interface_of(device_api api) noexcept;

/// Represents the twin of a block of the host's memory.
class device_block {
public:
  device_block() = default;
  ~device_block() { free(); }
  device_block(const device_block &) = delete;
  device_block &operator=(const device_block &) = delete;

  /// Takes as much of the device's memory as the host's block has. user_context: of an execution that was
  /// prepared for the device; its message says why if this fails.
  status take(void *user_context, const halide_device_interface_t *device,
              std::span<std::byte> host) noexcept;
  void free() noexcept;

  [[nodiscard]] bool contains(const void *pointer) const noexcept {
    const auto *const at = static_cast<const std::byte *>(pointer);
    return at >= host_.data() && at < host_.data() + host_.size();
  }
  [[nodiscard]] std::size_t size() const noexcept { return host_.size(); }

  /// Gives a buffer whose host pointer lies in the block its place on the device. Returns a
  /// halide_error_code.
  int bind(void *user_context, halide_buffer_t &buffer) noexcept;
  /// Copies `bytes` bytes, from `from` or to `to`, for those that a host pointer into the block names. Return
  /// kernel_failed, and the message why, if the device does not.
  status upload(void *user_context, const void *place, const void *from, std::size_t bytes) noexcept;
  status download(void *user_context, const void *place, void *to, std::size_t bytes) noexcept;
  [[nodiscard]] const device_crossings &crossings() const noexcept { return crossings_; }

private:
  struct part {
    std::size_t offset = 0;
    std::uint64_t device = 0; ///< 0: a free entry
  };
  int copy(void *user_context, const void *place, void *host, std::size_t bytes, bool to_device) noexcept;

  std::span<std::byte> host_;
  halide_dimension_t words_{}; // of the whole block
  halide_buffer_t whole_{};
  /// Parts of the block that have been used, by their offsets: on some devices each is an object.
  static constexpr std::size_t most_parts = 1024;
  std::array<part, most_parts> parts_{};
  device_crossings crossings_;
};

namespace detail {

/// What stands for a device_block where kernels run on the processor.
struct no_device_block {};
template <class Kernels>
using device_block_of = std::conditional_t<Kernels::device == device_api::cpu, no_device_block, device_block>;

/// Bytes in whole units of device_alignment.
constexpr std::size_t device_bytes(std::size_t bytes) {
  return (bytes + device_alignment - 1) / device_alignment * device_alignment;
}

} // namespace detail

/// Represents the blocks that a context's buffers lie in.
class device_memory {
public:
  /// What kernels use; null: the processor's own memory.
  [[nodiscard]] const halide_device_interface_t *device() const noexcept { return device_; }
  void use(const halide_device_interface_t *device) noexcept { device_ = device; }

  /// Where each call's scratch buffers begin: a place in one of the blocks.
  void set_scratch(std::byte *scratch) noexcept { scratch_ = scratch; }
  [[nodiscard]] std::byte *scratch() const noexcept { return scratch_; }

  /// Sets the block of a slot (by the context's own numbers); null: none.
  void set_block(std::size_t slot, device_block *block) noexcept { blocks_[slot] = block; }
  static constexpr std::size_t most_blocks = 6;

  /// As device_block's; an error if the pointer is in none.
  int bind(void *user_context, halide_buffer_t &buffer) noexcept;
  status upload(void *user_context, const void *place, const void *from, std::size_t bytes) noexcept;
  status download(void *user_context, const void *place, void *to, std::size_t bytes) noexcept;
  [[nodiscard]] device_crossings crossings() const noexcept;

private:
  [[nodiscard]] device_block *block_of(const void *pointer) const noexcept;

  const halide_device_interface_t *device_ = nullptr;
  std::byte *scratch_ = nullptr;
  std::array<device_block *, most_blocks> blocks_{};
};

} // namespace vggen
