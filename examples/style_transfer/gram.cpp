#include "gram.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace {

constexpr std::size_t block =
    8; // pixels that are taken together, so that a row of the matrix is read once for all

// Calls take(first pixel, {where each pixel's channels begin}) for every `block` pixels; pixels that are
// missing in the last one are `nothing`, a row of zeros.
template <class Take>
void for_each_block(const vggen::activation_view &features, const std::vector<float> &nothing, Take take) {
  const int edge = features.halo ? 1 : 0, row = features.extent.width + 2 * edge;
  const auto width = static_cast<std::size_t>(features.extent.width);
  const std::size_t pixels = width * static_cast<std::size_t>(features.extent.height);
  for (std::size_t first = 0; first < pixels; first += block) {
    std::array<const float *, block> at{};
    for (std::size_t k = 0; k < block; ++k) {
      const std::size_t pixel = first + k;
      const auto place = static_cast<std::ptrdiff_t>((pixel / width + static_cast<std::size_t>(edge)) *
                                                         static_cast<std::size_t>(row) +
                                                     pixel % width + static_cast<std::size_t>(edge));
      at[k] = pixel < pixels ? features.data + place * features.extent.channels : nothing.data();
    }
    take(first, at);
  }
}

} // namespace

std::vector<float> gram_matrix(const vggen::activation_view &features) {
  const auto channels = static_cast<std::size_t>(features.extent.channels);
  std::vector<float> gram(channels * channels);
  const std::vector<float> nothing(channels);
  for_each_block(features, nothing, [&](std::size_t, const std::array<const float *, block> &at) {
    for (std::size_t i = 0; i < channels; ++i) {
      float *const row = gram.data() + i * channels;
      std::array<float, block> factor{};
      for (std::size_t k = 0; k < block; ++k)
        factor[k] = at[k][i];
      for (std::size_t j = 0; j < channels; ++j) {
        float sum = 0;
        for (std::size_t k = 0; k < block; ++k)
          sum += factor[k] * at[k][j];
        row[j] += sum;
      }
    }
  });
  const float scale = 1 / static_cast<float>(features.extent.width * features.extent.height);
  for (float &value : gram)
    value *= scale;
  return gram;
}

double add_style_gradient(const vggen::activation_view &features, std::span<const float> gram,
                          std::span<const float> wanted, double share, std::span<float> gradient) {
  const auto channels = static_cast<std::size_t>(features.extent.channels);
  double distance = 0, scale = 0;
  std::vector<float> difference(gram.size());
  for (std::size_t i = 0; i < gram.size(); ++i) {
    difference[i] = gram[i] - wanted[i];
    distance += double{difference[i]} * difference[i];
    scale += double{wanted[i]} * wanted[i];
  }
  const auto factor = static_cast<float>(
      share * 4 / scale / (static_cast<double>(features.extent.width) * features.extent.height));
  for (float &value : difference)
    value *= factor;

  // gradient = features * difference
  const std::vector<float> nothing(channels);
  const std::size_t pixels = gradient.size() / channels;
  std::vector<float> sums(block * channels);
  for_each_block(features, nothing, [&](std::size_t first, const std::array<const float *, block> &at) {
    std::ranges::fill(sums, 0.f);
    for (std::size_t i = 0; i < channels; ++i) {
      const float *const row = difference.data() + i * channels;
      for (std::size_t k = 0; k < block; ++k) {
        const float value = at[k][i];
        if (value == 0) continue; // half of the features are, after a relu
        for (std::size_t j = 0; j < channels; ++j)
          sums[k * channels + j] += value * row[j];
      }
    }
    for (std::size_t k = 0; k < std::min(block, pixels - first); ++k)
      for (std::size_t j = 0; j < channels; ++j)
        gradient[(first + k) * channels + j] += sums[k * channels + j];
  });
  return share * distance / scale;
}
