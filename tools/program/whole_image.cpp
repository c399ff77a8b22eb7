#include "tools/program/whole_image.hpp"

#include "tools/program/softmax.hpp"

#include <vggen/io/error.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace vggen {

namespace {

// [y][x][3]
void mirror(image &picture) {
  const auto width = static_cast<std::size_t>(picture.width);
  for (std::size_t y = 0; y < static_cast<std::size_t>(picture.height); ++y)
    for (std::size_t x = 0; x < width / 2; ++x)
      for (std::size_t c = 0; c < 3; ++c)
        std::swap(picture.pixels[(y * width + x) * 3 + c],
                  picture.pixels[(y * width + width - 1 - x) * 3 + c]);
}

} // namespace

whole_image_result classify_whole(dense_classifier &network, const image &picture, int smaller_side,
                                  bool mirrored, std::span<const float> constants, bool reverse_channels) {
  image scaled = fit_whole(picture, smaller_side, network.least(), network.most());
  if (mirrored) mirror(scaled);
  const shape extent{network.most().channels, scaled.height, scaled.width};
  auto pixels = network_pixels(std::move(scaled), extent.channels);
  const auto logits = network.classify(pixels, extent.height, extent.width, constants, reverse_channels);
  if (!std::ranges::all_of(logits, [](float v) { return std::isfinite(v); }))
    throw error(error_code::execution_failed, "the scores are not finite; the weights hold damaged values");
  return {
      .logits = logits, .probabilities = softmax_of(logits), .extent = extent, .pixels = std::move(pixels)};
}

} // namespace vggen
