// Names with numbers in them, in the order of the numbers: conv2d_9 before conv2d_10.
#pragma once

#include <string_view>

namespace vggen::detail {

/// Whether `a` comes before `b`: digits are compared as numbers, all else byte by byte.
[[nodiscard]] bool comes_before(std::string_view a, std::string_view b);

} // namespace vggen::detail
