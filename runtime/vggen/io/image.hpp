// The picture that vggen's readers give and its resizing takes: 8-bit RGB and nothing else.
#pragma once

#include "vggen/io/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vggen {

/// The most pixels an image may have. Pillow refuses more too: it warns above 256 MiB of 24-bit pixels and
/// refuses above twice that.
inline constexpr std::int64_t max_image_pixels = 178'956'970;

/// Represents a picture of `height` rows of `width` pixels, rows from top to bottom.
struct image {
  int height = 0;
  int width = 0;
  std::vector<std::uint8_t> pixels; // [y][x][c], c = red, green, blue, each 0 to 255
};

/// Throws error_code::invalid_argument, with `caller` first in the message, unless both extents are at least
/// 1, the image has at most max_image_pixels, and `pixels` holds height * width * 3 values.
inline void check_image(const image &picture, std::string_view caller) {
  const std::int64_t count = std::int64_t{picture.height} * picture.width;
  const bool extents_fit = picture.height >= 1 && picture.width >= 1 && count <= max_image_pixels;
  if (extents_fit && picture.pixels.size() == static_cast<std::size_t>(count) * 3) return;
  throw error(error_code::invalid_argument,
              std::string(caller) + ": found an image of height " + std::to_string(picture.height) +
                  ", width " + std::to_string(picture.width) + " and " +
                  std::to_string(picture.pixels.size()) +
                  " values, expected extents of at least 1, at most " + std::to_string(max_image_pixels) +
                  " pixels, and 3 values a pixel");
}

} // namespace vggen
