// Whether the parameters of a VGG fit together.
#pragma once

#include "vggen/formats/vgg_weights.hpp"

#include <string>
#include <vector>

namespace vggen::detail {

/// Ensures that each layer takes what the one before it gives, that biases and batch norms have a number for
/// each output, and that no tensor is empty. Throws vggen::error with mismatch, listing what does not fit
/// after `problems`, which were found before, if there is anything.
void check_vgg(const vgg_weights &weights, std::vector<std::string> problems = {});

} // namespace vggen::detail
