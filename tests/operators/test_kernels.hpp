// The kernels under test. A library of compiled kernels defines this function; one program is linked for
// each.
#pragma once

#include <vggen/core/kernel.hpp>

#include <HalideRuntime.h>

#include <span>
#include <string_view>

std::span<const vggen::compiled_kernel> vggen_test_kernels();

/// What they are compiled for, and whether this machine can run it.
std::string_view vggen_test_target();
bool vggen_test_target_runs();

/// The device that they run on; null: the processor itself.
const halide_device_interface_t *vggen_test_device();
