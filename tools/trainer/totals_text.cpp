#include "tools/trainer/totals_text.hpp"

#include <array>
#include <cstdio>

namespace vggen {

std::string text_of(const training_totals &totals, bool boxes) {
  std::array<char, 128> text{};
  if (boxes)
    std::snprintf(text.data(), text.size(), "loss %.5f, overlap %.3f, over 0.5: %.2f %%", totals.mean_loss(),
                  totals.mean_overlap(), 100 * totals.accuracy());
  else
    std::snprintf(text.data(), text.size(), "loss %.4f, accuracy %.2f %%", totals.mean_loss(),
                  100 * totals.accuracy());
  return text.data();
}

} // namespace vggen
