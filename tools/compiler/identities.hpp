// What the generators and schedules of this program are made of: hashes of their object files, by name. They
// are part of a kernel's key, so that a kernel is compiled again when its algorithm or its schedule changes.
#pragma once

#include <string>
#include <string_view>

namespace vggen {

/// The hash of the objects of a family of operators ("conv") or of one schedule ("conv.direct").
/// Throws std::logic_error if the build did not list it.
std::string identity_of(std::string_view name);

} // namespace vggen
