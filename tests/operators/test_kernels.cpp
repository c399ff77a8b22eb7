// The kernels under test: what vggen-compile made of the table of cases.
#include "test_kernels.hpp"

#include <compiled/operators.hpp>

#include <HalideRuntime.h>
#include <HalideRuntimeOpenCL.h>
#include <HalideRuntimeVulkan.h>

std::span<const vggen::compiled_kernel> vggen_test_kernels() {
  return vggen::compiled::operators_kernels::kernels;
}

bool vggen_test_target_runs() {
  constexpr auto &features = vggen::compiled::operators_kernels::target_features;
  return halide_can_use_target_features(static_cast<int>(features.size()), features.data()) != 0;
}

const halide_device_interface_t *vggen_test_device() {
  constexpr vggen::device_api device = vggen::compiled::operators_kernels::device;
  if constexpr (device == vggen::device_api::opencl) return halide_opencl_device_interface();
  if constexpr (device == vggen::device_api::vulkan) return halide_vulkan_device_interface();
  return nullptr;
}

std::string_view vggen_test_target() { return vggen::compiled::operators_kernels::target; }
