// The interfaces through which kernels reach a GPU.
#pragma once

#include <cstdint>
#include <string_view>

namespace vggen {

/// Where kernels run: on the processor itself, or on a device through one of these interfaces.
enum class device_api : std::uint8_t { cpu, cuda, opencl, vulkan };

/// cpu, cuda, opencl or vulkan.
constexpr std::string_view name_of(device_api api) noexcept {
  switch (api) {
  case device_api::cuda:
    return "cuda";
  case device_api::opencl:
    return "opencl";
  case device_api::vulkan:
    return "vulkan";
  case device_api::cpu:
    break;
  }
  return "cpu";
}

} // namespace vggen
