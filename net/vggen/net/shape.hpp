// The extents of one activation, known to the compiler.
#pragma once

#include <cstdint>

namespace vggen {

/// Represents the extents of an activation for one image. A flat one (after `flatten`) is a vector: its
/// height and width are 1. Of a dynamic one height and width are the largest that they may be.
struct shape {
  int channels = 0;
  int height = 1;
  int width = 1;
  bool flat = false;
  bool dynamic = false;

  constexpr bool operator==(const shape &) const = default;

  /// Number of elements for one image.
  [[nodiscard]] constexpr std::int64_t size() const { return std::int64_t{channels} * height * width; }
};

} // namespace vggen
