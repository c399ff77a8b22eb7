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
