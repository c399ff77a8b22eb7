// What a source of training data hands out.
#pragma once

#include <cstdint>
#include <span>

namespace vggen {

/// Represents one batch of examples; a view of memory of the source that made it, as it says. The spans
/// always have the size of a full batch. In the places that are not used, behind the examples of an epoch's
/// last batch, images and targets are zero, the label is -1 and the index is -1.
struct batch {
  std::span<const std::uint8_t> images;  ///< [n][y][x][c], 0 to 255
  std::span<const std::int32_t> labels;  ///< [n]; -1: to be left out
  std::span<const std::int64_t> indices; ///< [n]; which picture of the data set this is
  /// [n][box_numbers]: the box of each example, as to_numbers has it of what the network sees; empty if the
  /// data have no boxes.
  std::span<const float> targets;
  int count = 0; ///< places that are used; 0 at the end of an epoch
};

} // namespace vggen
