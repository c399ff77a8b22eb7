// The devices that this machine has, and the choice of one.
#pragma once

#include "vggen/core/device_api.hpp"
#include "vggen/core/status.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace vggen {

/// Represents a device that drivers offer.
struct device_info {
  device_api api = device_api::cpu;
  int index = 0;                ///< among those of the same interface
  bool is_gpu = false;          ///< not a driver that runs on the processor
  std::array<char, 128> name{}; ///< as the driver gives it
};

/// Represents all devices, and why an interface has none.
struct device_list {
  std::array<device_info, 32> items{};
  std::size_t count = 0;
  std::array<std::array<char, 160>, 4> reasons{}; ///< by device_api; empty: it has devices

  [[nodiscard]] std::span<const device_info> devices() const noexcept { return {items.data(), count}; }
  [[nodiscard]] const char *why_none(device_api api) const noexcept {
    return reasons[static_cast<std::size_t>(api)].data();
  }
};

/// Asks the drivers of CUDA, OpenCL and Vulkan, which are loaded for that. Nothing else happens to the
/// devices.
device_list list_devices() noexcept;

/// Makes kernels for an interface run on one of its devices: in the whole process, from now on, and before
/// the first context for that interface is prepared. index: -1 for the first GPU, or the first device if none
/// is one. Returns no_device, with the reason and what to do in `message`, if there is no such device.
status choose_device(device_api api, int index, std::span<char> message) noexcept;

/// Sets what the drivers' runtimes must know before they start, unless the environment has it.
void configure_devices() noexcept;

} // namespace vggen
