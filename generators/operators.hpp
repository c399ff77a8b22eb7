// All operators and their schedules, without their stages: what the kernel compiler looks names up in.
#pragma once

#include "schedules/schedule.hpp"

#include <vggen/net/signature.hpp>

#include <string>
#include <vector>

namespace vggen {

/// Represents the operators whose stages are of one type, so that they share schedules.
struct operator_family {
  std::string name; ///< conv, fully_connected, pointwise or softmax
  std::vector<schedule_info> schedules;
};

/// The family of an operator, with all registered schedules.
operator_family family_of(operation op);

} // namespace vggen
