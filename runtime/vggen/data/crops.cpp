// Positions are multiples of a fraction of the margin: halves for the middle, quarters for the grid.
#include "vggen/data/crops.hpp"

#include "vggen/io/error.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace vggen {
namespace {

// margin * step / steps, rounded, a half to the even number.
int offset(int margin, int step, int steps) {
  const std::int64_t product = std::int64_t{margin} * step;
  const std::int64_t down = product / steps, twice_rest = 2 * (product % steps);
  const bool up = twice_rest > steps || (twice_rest == steps && down % 2 == 1);
  return static_cast<int>(down + (up ? 1 : 0));
}

} // namespace

void check_crop_count(int count) {
  if (count != 1 && count != 5 && count != 25)
    throw error(error_code::invalid_argument,
                "crops: found " + std::to_string(count) + ", expected 1, 5 or 25 of a picture");
}

std::vector<crop> crops_of(int height, int width, const picture_extent &extent, int count, bool flip) {
  check_crop_count(count);
  const int down = height - extent.height, across = width - extent.width; // the margins
  if (down < 0 || across < 0)
    throw error(error_code::invalid_argument,
                "crops: found a picture of height " + std::to_string(height) + " and width " +
                    std::to_string(width) + ", expected at least " + std::to_string(extent.height) + " and " +
                    std::to_string(extent.width) + ", as the network takes");
  std::vector<crop> result;
  const auto add = [&](int row, int column, int steps) {
    crop one{.top = offset(down, row, steps), .left = offset(across, column, steps), .flipped = false};
    result.push_back(one);
    if (!flip) return;
    one.flipped = true;
    result.push_back(one);
  };
  const auto add_grid = [&](int steps) {
    for (int row = 0; row <= steps; ++row)
      for (int column = 0; column <= steps; ++column)
        add(row, column, steps);
  };
  if (count == 25) {
    add_grid(4);
    return result;
  }
  if (count == 5) add_grid(1);
  add(1, 1, 2);
  return result;
}

void cut_crop(const image &picture, const crop &where, int height, int width, image &part) {
  check_image(picture, "cut_crop");
  const bool within = height >= 1 && width >= 1 && where.top >= 0 && where.left >= 0 &&
                      where.top <= picture.height - height && where.left <= picture.width - width;
  if (!within)
    throw error(error_code::invalid_argument,
                "cut_crop: found a part of height " + std::to_string(height) + " and width " +
                    std::to_string(width) + " from row " + std::to_string(where.top) + " and column " +
                    std::to_string(where.left) + " on, expected one within a picture of height " +
                    std::to_string(picture.height) + " and width " + std::to_string(picture.width));
  constexpr std::size_t channels = 3;
  const std::size_t row_bytes = static_cast<std::size_t>(width) * channels;
  part.height = height;
  part.width = width;
  part.pixels.resize(static_cast<std::size_t>(height) * row_bytes);
  std::uint8_t *out = part.pixels.data();
  for (int y = 0; y < height; ++y, out += row_bytes) {
    const std::uint8_t *from = picture.pixels.data() + (static_cast<std::size_t>(where.top + y) *
                                                            static_cast<std::size_t>(picture.width) +
                                                        static_cast<std::size_t>(where.left)) *
                                                           channels;
    if (!where.flipped) {
      std::copy_n(from, row_bytes, out);
      continue;
    }
    for (std::size_t x = 0; x < row_bytes; x += channels)
      std::copy_n(from + row_bytes - channels - x, channels, out + x);
  }
}

} // namespace vggen
