// The kernels under test: what vggen-compile made of the table of cases.
#include "test_kernels.hpp"

#include <compiled/operators.hpp>

std::span<const vggen::compiled_kernel> vggen_test_kernels() {
  return vggen::compiled::operators_kernels::kernels;
}
