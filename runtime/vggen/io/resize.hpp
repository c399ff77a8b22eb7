// Resizes and crops pictures the way Pillow and torchvision do, so that a network trained there sees the
// same pixels here.
#pragma once

#include "vggen/io/image.hpp"

namespace vggen {

/// Returns `picture` scaled to `height` x `width`, as Pillow's `Image.resize((width, height), BILINEAR)`: a
/// triangle filter, widened when shrinking (so antialiased), across and then down, each pass rounded to 8
/// bits. Source: Pillow, src/libImaging/Resample.c. Throws vggen::error with invalid_argument if check_image
/// refuses the picture, if an extent is below 1, or if `height` * `width`, or the picture's height * `width`
/// (the image between the passes), exceeds max_image_pixels.
[[nodiscard]] image resize(const image &picture, int height, int width);

/// Returns `picture` scaled so that its smaller side is `size` and the other int(size * longer / smaller), as
/// torchvision's `Resize(size)` does. Throws as resize.
[[nodiscard]] image resize_smaller_side(const image &picture, int size);

/// Returns `picture` scaled, its sides in proportion, so that it just covers `height` x `width`: one extent
/// is that, the other at least that, truncated to whole pixels as resize_smaller_side does. Throws as resize.
[[nodiscard]] image resize_to_cover(const image &picture, int height, int width);

/// The height and width of a picture.
struct picture_size {
  int height = 0, width = 0;
};

/// What resize_to_cover makes of a picture's size; an extent beyond int becomes the largest int.
[[nodiscard]] picture_size covering_size(const picture_size &picture, int height, int width);

/// Where centre_crop begins on one axis: negative if before the picture.
[[nodiscard]] int centre_offset(int extent, int crop);

/// Returns the middle `height` x `width` of `picture`, as torchvision's `CenterCrop`: the offset is half the
/// difference, a half rounded to the even number; where the picture is smaller, zeros (black) surround it,
/// the odd one below or on the right. Throws as resize, for the picture and the extents.
[[nodiscard]] image centre_crop(const image &picture, int height, int width);

} // namespace vggen
