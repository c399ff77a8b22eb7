// Where the parts of a picture lie that a network is tested on, and how they are cut out.
#pragma once

#include "vggen/data/picture_extent.hpp"
#include "vggen/io/image.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace vggen {

/// Represents a part of a picture, of a network's extent.
struct crop {
  int top = 0; ///< the first row
  int left = 0;
  bool flipped = false; ///< left and right are exchanged

  friend bool operator==(const crop &, const crop &) = default;
};

/// Throws vggen::error with invalid_argument unless crops_of knows that many crops: 1, 5 or 25.
void check_crop_count(int count);

/// Returns the crops of `extent` in a picture of height x width:
///   1   the middle, as centre_crop has it;
///   5   the four corners and the middle, with `flip` the ten of Krizhevsky et al., "ImageNet Classification
///       with Deep Convolutional Neural Networks" (NIPS 2012), section 4.1;
///   25  a regular grid of 5 x 5 from corner to corner, with `flip` the 50 of section 3.2 of the VGG paper
///       (arXiv 1409.1556).
/// They are in the order of rows, the middle of five last; with `flip` each is followed by its mirror image.
/// A position that is no whole number is rounded, a half to the even one. Where the picture has no room,
/// several are at the same place, and stay several, so that each picture has as many.
///
/// Throws vggen::error with invalid_argument as check_crop_count does, and if the picture is smaller than the
/// crop.
[[nodiscard]] std::vector<crop> crops_of(int height, int width, const picture_extent &extent, int count,
                                         bool flip);

/// Makes `part` that part of `picture`, height x width; its memory is used again. Throws vggen::error with
/// invalid_argument if check_image refuses the picture, or the part is not within it.
void cut_crop(const image &picture, const crop &where, int height, int width, image &part);

} // namespace vggen
