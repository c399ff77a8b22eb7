#pragma once

#include <vggen/io/image.hpp>
#include <vggen/net/shape.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vggen {

/// A picture as a network sees it: RGB of `bytes` [y][x][c], the network's input of one channel or three.
inline image seen_picture(std::span<const std::uint8_t> bytes, const shape &extent) {
  image picture{.height = extent.height, .width = extent.width, .pixels = {}};
  const auto channels = static_cast<std::size_t>(extent.channels);
  for (std::size_t pixel = 0; pixel * channels < bytes.size(); ++pixel)
    for (std::size_t c = 0; c < 3; ++c)
      picture.pixels.push_back(bytes[pixel * channels + std::min(c, channels - 1)]);
  return picture;
}

} // namespace vggen
