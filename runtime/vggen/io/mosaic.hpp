// Small pictures for people to look at: larger, and many of them in one.
#pragma once

#include "vggen/io/image.hpp"

#include <span>

namespace vggen {

/// Returns `picture` with each pixel as a square of `factor` by `factor`. Throws vggen::error with
/// invalid_argument if check_image refuses the picture or the result, or the factor is below 1.
[[nodiscard]] image magnified(const image &picture, int factor);

/// Returns the pictures, magnified, row by row, about as many across as down, with a white line of one pixel
/// around each. Throws vggen::error with invalid_argument if
/// there are none, their extents differ, or as magnified does, for the whole as well.
[[nodiscard]] image mosaic(std::span<const image> pictures, int factor);

/// The factor by which small pictures of that extent are made about 32 pixels large; 1 for larger ones.
[[nodiscard]] int comfortable_factor(int height, int width);

} // namespace vggen
