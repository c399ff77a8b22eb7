// What was measured, as people read it.
#pragma once

#include <vggen/train/trainer.hpp>

#include <string>

namespace vggen {

/// "loss 0.2410, accuracy 94.42 %", or of boxes "loss 0.00130, overlap 0.812, over 0.5: 97.10 %".
[[nodiscard]] std::string text_of(const training_totals &totals, bool boxes);

} // namespace vggen
