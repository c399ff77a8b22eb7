// Numbers to pixels, pixels to PNG, PNG to text.
#include "vggen/report/page_pictures.hpp"

#include "vggen/io/write_png.hpp"
#include "vggen/report/page_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace vggen::detail {

std::string data_url(const image &picture) { return "data:image/png;base64," + base64(encode_png(picture)); }

image magnified(const image &picture, int factor) {
  image result{picture.height * factor, picture.width * factor, {}};
  result.pixels.reserve(picture.pixels.size() * static_cast<std::size_t>(factor) *
                        static_cast<std::size_t>(factor));
  const auto row = static_cast<std::size_t>(picture.width) * 3;
  for (int y = 0; y < result.height; ++y)
    for (int x = 0; x < result.width; ++x) {
      const std::size_t from =
          static_cast<std::size_t>(y / factor) * row + static_cast<std::size_t>(x / factor) * 3;
      for (std::size_t c = 0; c < 3; ++c)
        result.pixels.push_back(picture.pixels[from + c]);
    }
  return result;
}

image filter_picture(const filter_bank &bank, int output, int first_input, bool coloured, float &largest) {
  const auto area = static_cast<std::size_t>(bank.height) * static_cast<std::size_t>(bank.width);
  const std::size_t channels = coloured ? 3 : 1;
  const std::size_t offset = (static_cast<std::size_t>(output) * static_cast<std::size_t>(bank.inputs) +
                              static_cast<std::size_t>(first_input)) *
                             area;
  const std::span<const float> weights = std::span(bank.weights).subspan(offset, channels * area);
  largest = 0;
  for (const float weight : weights)
    if (std::isfinite(weight)) largest = std::max(largest, std::fabs(weight));
  image picture{bank.height, bank.width, {}};
  for (std::size_t i = 0; i < area; ++i)
    for (std::size_t c = 0; c < 3; ++c) {
      const float weight = weights[coloured ? c * area + i : i];
      const float share = std::isfinite(weight) && largest > 0 ? weight / largest : 0.f;
      picture.pixels.push_back(static_cast<std::uint8_t>(std::lround(127.5f + 127.5f * share)));
    }
  return picture;
}

double wrong_strength(double share) { return std::min(1., 1.5 * std::sqrt(share)); }

image confusion_picture(const confusion_matrix &matrix) {
  constexpr std::array<double, 3> right = {47, 111, 208}, wrong = {214, 104, 20};
  image picture{matrix.classes(), matrix.classes(), {}};
  picture.pixels.reserve(matrix.counts().size() * 3);
  for (int truth = 0; truth < matrix.classes(); ++truth) {
    const auto images = static_cast<double>(std::max<std::int64_t>(1, matrix.images_of(truth)));
    for (int predicted = 0; predicted < matrix.classes(); ++predicted) {
      const double share = static_cast<double>(matrix.count(truth, predicted)) / images;
      const double strength = truth == predicted ? share : wrong_strength(share);
      for (std::size_t c = 0; c < 3; ++c) {
        const double full = (truth == predicted ? right : wrong)[c];
        picture.pixels.push_back(static_cast<std::uint8_t>(std::lround(255 + (full - 255) * strength)));
      }
    }
  }
  return picture;
}

} // namespace vggen::detail
