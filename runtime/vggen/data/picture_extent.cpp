// Checks extents and writes them out.
#include "vggen/data/picture_extent.hpp"

#include "vggen/io/image.hpp"

#include <cstdint>

namespace vggen {

std::string to_string(const picture_extent &extent) {
  return std::to_string(extent.channels) + " x " + std::to_string(extent.height) + " x " +
         std::to_string(extent.width) + " (channels x height x width)";
}

void check_extent(const picture_extent &extent, std::string_view caller) {
  const bool channels_fit = extent.channels == 1 || extent.channels == 3;
  const bool extents_fit = extent.height >= 1 && extent.width >= 1 &&
                           std::int64_t{extent.height} * extent.width <= max_image_pixels;
  if (channels_fit && extents_fit) return;
  throw error(error_code::invalid_argument,
              std::string(caller) + ": found the extent " + to_string(extent) +
                  ", expected 1 or 3 channels, a height and a width of at least 1, and at most " +
                  std::to_string(max_image_pixels) + " pixels");
}

} // namespace vggen
