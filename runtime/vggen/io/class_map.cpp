#include "vggen/io/class_map.hpp"

#include "vggen/io/error.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace vggen {

namespace {

void check_size(const char *what, std::size_t found, std::size_t expected) {
  if (found != expected)
    throw error(error_code::invalid_argument, std::string(what) + ": found " + std::to_string(found) +
                                                  " values, expected " + std::to_string(expected));
}

// Two neighbouring pixels of a row or column, and the second one's share, for a place from 0 to 1 along it.
struct neighbours {
  std::size_t first = 0, second = 0;
  float share = 0;

  neighbours(float place, int extent) {
    const float at =
        std::clamp(place * static_cast<float>(extent) - 0.5f, 0.f, static_cast<float>(extent - 1));
    first = static_cast<std::size_t>(at);
    second = std::min(first + 1, static_cast<std::size_t>(extent - 1));
    share = at - static_cast<float>(first);
  }
};

float mix(float a, float b, float share) { return a + (b - a) * share; }

std::uint8_t byte_of(float value) {
  return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.f, 255.f)));
}

} // namespace

std::vector<float> class_activation_map(std::span<const float> activations, std::span<const float> gradients,
                                        const shape &extent) {
  const auto area = static_cast<std::size_t>(extent.height) * static_cast<std::size_t>(extent.width);
  check_size("activations", activations.size(), static_cast<std::size_t>(extent.size()));
  check_size("gradients", gradients.size(), activations.size());
  std::vector<double> sums(area);
  for (std::size_t first = 0; first < activations.size(); first += area) {
    double weight = 0;
    for (const float gradient : gradients.subspan(first, area))
      weight += gradient / static_cast<double>(area);
    for (std::size_t i = 0; i < area; ++i)
      sums[i] += weight * activations[first + i];
  }
  const double largest = *std::ranges::max_element(sums);
  std::vector<float> map(area);
  for (std::size_t i = 0; i < area && largest > 0; ++i)
    map[i] = static_cast<float>(std::max(sums[i], 0.0) / largest);
  return map;
}

image with_map(const image &picture, std::span<const float> map, int height, int width) {
  check_image(picture, "with_map");
  check_size("map", map.size(), static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
  const auto row_size = static_cast<std::size_t>(width);
  image result = picture;
  for (int y = 0; y < picture.height; ++y) {
    const neighbours rows((static_cast<float>(y) + 0.5f) / static_cast<float>(picture.height), height);
    for (int x = 0; x < picture.width; ++x) {
      const neighbours columns((static_cast<float>(x) + 0.5f) / static_cast<float>(picture.width), width);
      const auto along = [&](std::size_t row) {
        return mix(map[row * row_size + columns.first], map[row * row_size + columns.second], columns.share);
      };
      const float value = mix(along(rows.first), along(rows.second), rows.share);
      std::uint8_t *const pixel =
          &result.pixels[3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) +
                              static_cast<std::size_t>(x))];
      const float grey = 0.299f * static_cast<float>(pixel[0]) + 0.587f * static_cast<float>(pixel[1]) +
                         0.114f * static_cast<float>(pixel[2]);
      const float over = std::min(0.8f, 1.6f * value); // how much of the colour there is
      pixel[0] = byte_of(mix(grey, 255, over));
      pixel[1] = byte_of(mix(grey, 255 * std::max(0.f, 2 * value - 1), over));
      pixel[2] = byte_of(mix(grey, 0, over));
    }
  }
  return result;
}

} // namespace vggen
