// Boxes around things in pictures: how well two agree, and where one lies in what a network sees.
#pragma once

#include <vggen/net/layers.hpp>

#include <array>
#include <span>

namespace vggen {

/// Represents a box. In a picture its unit is the pixel, and it ends before the column `right` and the row
/// `bottom`: a whole picture is 0, 0, width, height. In what a network sees, the unit is that part's extent:
/// all of it is 0, 0, 1, 1.
struct box {
  double left = 0, top = 0, right = 0, bottom = 0;

  friend bool operator==(const box &, const box &) = default;
  /// Has no area; also if an edge is no number.
  [[nodiscard]] bool is_empty() const { return !(left < right && top < bottom); }
};

/// The area that two boxes share as a share of that which either covers (intersection over union): 1 for
/// equal ones; 0 if they do not touch or one is empty.
[[nodiscard]] double overlap(const box &a, const box &b);

/// A box as a network gives and learns it: its centre (x, y), its width and its height.
[[nodiscard]] std::array<float, box_numbers> to_numbers(const box &of_view);
[[nodiscard]] box from_numbers(std::span<const float, box_numbers> numbers);

/// Represents which part of a picture a network sees: the picture is scaled, a part of the network's extent
/// is cut out of it, which may reach beyond its edges, and perhaps mirrored.
struct picture_view {
  int picture_height = 0, picture_width = 0;
  int scaled_height = 0, scaled_width = 0;
  int top = 0, left = 0; ///< where the part begins in the scaled picture
  int height = 0, width = 0;
  bool flipped = false; ///< left and right are exchanged
};

/// What a network sees of a box of the picture; empty if that is nothing.
[[nodiscard]] box seen_box(const box &of_picture, const picture_view &view);
/// Where in the picture a box lies that a network sees, as far as the picture goes; empty if it is not in it.
[[nodiscard]] box box_in_picture(const box &of_view, const picture_view &view);

} // namespace vggen
