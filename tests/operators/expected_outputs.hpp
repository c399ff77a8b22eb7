// What a kernel must compute: its operator, and what its signature adds to that.
#pragma once

#include "operands.hpp"

#include <vggen/net/signature.hpp>

#include <string_view>
#include <vector>

namespace vggen::test {

/// Represents what a kernel must leave in one of its outputs.
struct expected_output {
  std::string_view name;
  array content;
};

/// All outputs of a kernel, in the order of its arguments:
///     forward            output
///     backward-data      input gradient
///     backward-weights   weight gradient, bias gradient
///     cross_entropy      losses, gradient
///     sgd                parameters, momenta
std::vector<expected_output> expected_outputs(const signature &kernel, const operands &values);

/// The output of a forward kernel that has no other.
tensor expected_output_of(const signature &kernel, const operands &values);

} // namespace vggen::test
