#include "vggen/io/mosaic.hpp"

#include "vggen/io/error.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace vggen {

namespace {

constexpr std::size_t channels = 3;
constexpr std::uint8_t line_colour = 255;

// A white picture, if one may have so many pixels.
image blank(std::int64_t height, std::int64_t width, const char *caller) {
  // each by itself first, so that the product cannot overflow
  if (height > max_image_pixels || width > max_image_pixels || height * width > max_image_pixels)
    throw error(error_code::invalid_argument,
                std::string(caller) + ": found a picture of height " + std::to_string(height) +
                    " and width " + std::to_string(width) + ", expected at most " +
                    std::to_string(max_image_pixels) + " pixels (a smaller factor)");
  return {static_cast<int>(height), static_cast<int>(width),
          std::vector<std::uint8_t>(static_cast<std::size_t>(height * width) * channels, line_colour)};
}

void check_factor(int factor, const char *caller) {
  if (factor < 1)
    throw error(error_code::invalid_argument, std::string(caller) + ": found a factor of " +
                                                  std::to_string(factor) + ", expected at least 1");
}

// Draws `picture`, magnified, with its corner at that place of `onto`.
void draw(const image &picture, int factor, image &onto, std::int64_t top, std::int64_t left) {
  const auto row_of = [](const image &of, std::int64_t y) {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(of.width) * channels;
  };
  for (int y = 0; y < picture.height * factor; ++y) {
    const std::uint8_t *const from = picture.pixels.data() + row_of(picture, y / factor);
    std::uint8_t *to = onto.pixels.data() + row_of(onto, top + y) + static_cast<std::size_t>(left) * channels;
    for (int x = 0; x < picture.width * factor; ++x, to += channels)
      std::copy_n(from + static_cast<std::size_t>(x / factor) * channels, channels, to);
  }
}

} // namespace

image magnified(const image &picture, int factor) {
  check_image(picture, "magnified");
  check_factor(factor, "magnified");
  image result =
      blank(std::int64_t{picture.height} * factor, std::int64_t{picture.width} * factor, "magnified");
  draw(picture, factor, result, 0, 0);
  return result;
}

image mosaic(std::span<const image> pictures, int factor) {
  check_factor(factor, "mosaic");
  if (pictures.empty())
    throw error(error_code::invalid_argument, "mosaic: found no pictures, expected at least one");
  for (const image &picture : pictures) {
    check_image(picture, "mosaic");
    if (picture.height != pictures[0].height || picture.width != pictures[0].width)
      throw error(error_code::invalid_argument, "mosaic: found pictures of different extents");
  }
  const auto count = static_cast<std::int64_t>(pictures.size());
  std::int64_t columns = 1;
  while (columns * columns < count)
    ++columns;
  const std::int64_t rows = (count + columns - 1) / columns;
  // from one picture to the next, the line before it included
  const std::int64_t down = std::int64_t{pictures[0].height} * factor + 1,
                     across = std::int64_t{pictures[0].width} * factor + 1;
  image result = blank(rows * down + 1, columns * across + 1, "mosaic");
  for (std::int64_t i = 0; i < count; ++i)
    draw(pictures[static_cast<std::size_t>(i)], factor, result, i / columns * down + 1,
         i % columns * across + 1);
  return result;
}

int comfortable_factor(int height, int width) {
  constexpr int comfortable = 32;
  return std::max(1, comfortable / std::max(height, width));
}

} // namespace vggen
