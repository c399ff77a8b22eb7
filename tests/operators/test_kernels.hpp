// The kernels under test. A library of compiled kernels defines this function; one program is linked for
// each.
#pragma once

#include <vggen/core/kernel.hpp>

#include <span>

std::span<const vggen::compiled_kernel> vggen_test_kernels();
