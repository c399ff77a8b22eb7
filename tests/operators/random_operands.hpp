// Seeded random operands for any kernel. Every value is a float, so that kernel and reference read the same.
#pragma once

#include "reference.hpp"

namespace vggen::test {

/// Operands for a kernel of that signature, the same on every machine. Values are in [-1, 1] and weights are
/// scaled by 1/sqrt(fan in), except where that would leave something untested: see random_operands.cpp.
operands random_operands(const signature &kernel);

} // namespace vggen::test
