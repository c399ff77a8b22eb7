// The extents of the pictures that a network takes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vggen {

/// Represents the extents of a picture as a network takes it: [y][x][c], one byte a value.
struct picture_extent {
  int channels = 3; ///< 3: red, green, blue; 1: grey
  int height = 224;
  int width = 224;

  friend bool operator==(const picture_extent &, const picture_extent &) = default;

  /// The bytes of one picture; meaningful for extents that check_extent accepts.
  [[nodiscard]] std::size_t bytes() const noexcept {
    return static_cast<std::size_t>(channels) * static_cast<std::size_t>(height) *
           static_cast<std::size_t>(width);
  }
};

/// Returns "3 x 224 x 224 (channels x height x width)", for messages.
[[nodiscard]] std::string to_string(const picture_extent &extent);

/// Throws vggen::error with invalid_argument, `caller` first in the message, unless there are 1 or 3
/// channels, each extent is at least 1 and height * width at most max_image_pixels.
void check_extent(const picture_extent &extent, std::string_view caller);

} // namespace vggen
