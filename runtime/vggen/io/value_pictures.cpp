#include "vggen/io/value_pictures.hpp"

#include "vggen/io/error.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

namespace vggen {

namespace {

std::size_t area_of(int height, int width) {
  return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
}

void check_size(const char *what, std::size_t found, int height, int width, std::size_t channels) {
  if (height >= 1 && width >= 1 && found == channels * area_of(height, width)) return;
  throw error(error_code::invalid_argument, std::string(what) + ": found " + std::to_string(found) +
                                                " values for a height of " + std::to_string(height) +
                                                ", a width of " + std::to_string(width) + " and " +
                                                std::to_string(channels) + " channels");
}

} // namespace

value_range range_of(std::span<const float> values) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  value_range range{infinity, -infinity};
  for (const float value : values)
    if (std::isfinite(value)) {
      range.least = std::min(range.least, value);
      range.largest = std::max(range.largest, value);
    }
  return range.least <= range.largest ? range : value_range{};
}

image map_picture(std::span<const float> map, int height, int width, value_range range) {
  check_size("map_picture", map.size(), height, width, 1);
  // in double: the range of finite values may be beyond float's
  const double extent = double{range.largest} - range.least;
  image picture{height, width, {}};
  picture.pixels.reserve(3 * map.size());
  for (const float value : map) {
    const double share = extent > 0 ? (double{value} - range.least) / extent : 0;
    // not clamp, which would keep a NaN
    const double bounded = share > 0 ? std::min(share, 1.0) : 0;
    picture.pixels.insert(picture.pixels.end(), 3, static_cast<std::uint8_t>(std::lround(255 * bounded)));
  }
  return picture;
}

float largest_magnitude(std::span<const float> weights) {
  float largest = 0;
  for (const float weight : weights)
    if (std::isfinite(weight)) largest = std::max(largest, std::fabs(weight));
  return largest;
}

image filter_picture(std::span<const float> weights, int height, int width, bool reverse_channels) {
  const std::size_t area = area_of(height, width);
  const bool coloured = weights.size() == 3 * area;
  check_size("filter_picture", weights.size(), height, width, coloured ? 3 : 1);
  const float largest = largest_magnitude(weights);
  image picture{height, width, {}};
  picture.pixels.reserve(3 * area);
  for (std::size_t i = 0; i < area; ++i)
    for (std::size_t c = 0; c < 3; ++c) {
      const std::size_t input = reverse_channels ? 2 - c : c;
      const float weight = weights[coloured ? input * area + i : i];
      const float share = std::isfinite(weight) && largest > 0 ? weight / largest : 0.f;
      picture.pixels.push_back(static_cast<std::uint8_t>(std::lround(127.5f + 127.5f * share)));
    }
  return picture;
}

} // namespace vggen
