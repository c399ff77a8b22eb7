// All operators and their schedules, without their stages: what the kernel compiler looks names up in.
#pragma once

#include "schedules/schedule.hpp"

#include <vggen/net/signature.hpp>

#include <string>
#include <vector>

namespace vggen {

/// Represents the operators whose stages are of one type, so that they share schedules.
struct operator_family {
  std::string name; ///< a folder of schedules/
  std::vector<schedule_info> schedules;
};

/// The family of a kernel, with all registered schedules for devices, or those for the processor itself.
operator_family family_of(const signature &kernel, bool on_device);

/// The name under which a kernel's generator is registered: conv3x3, conv3x3_backward_data.
std::string generator_name(const signature &kernel);

} // namespace vggen
