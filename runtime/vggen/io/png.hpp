// The PNG half of read_image; not part of the public interface.
#pragma once

#include "vggen/io/image.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace vggen::detail {

/// Returns the RGB pixels of the PNG file held by `file`; errors as read_image's, and std::bad_alloc.
[[nodiscard]] image decode_png(std::span<const std::byte> file, std::string_view name);

} // namespace vggen::detail
