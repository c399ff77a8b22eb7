// Grey of colour.
#pragma once

#include <cstdint>

namespace vggen::detail {

/// Returns the ITU-R 601-2 luma of a pixel, as prepare_image and Pillow's convert("L") do; of three equal
/// channels it is their value.
constexpr std::uint8_t luma(const std::uint8_t *rgb) noexcept {
  return static_cast<std::uint8_t>((19595U * rgb[0] + 38470U * rgb[1] + 7471U * rgb[2] + 0x8000U) >> 16U);
}

} // namespace vggen::detail
