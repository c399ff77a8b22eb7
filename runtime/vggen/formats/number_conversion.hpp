// Numbers of a file as float.
#pragma once

#include "vggen/io/element_type.hpp"

#include <cstddef>
#include <span>

namespace vggen::detail {

/// Whether to_float() knows the type: floating-point ones of 16 bits and more, integers of 8 and more.
[[nodiscard]] bool converts_to_float(element_type type);

/// Converts packed little-endian numbers, as many as `to` takes.
void to_float(element_type type, std::span<const std::byte> from, std::span<float> to);

} // namespace vggen::detail
