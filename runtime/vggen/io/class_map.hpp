// Where in a picture a network sees a class: Grad-CAM (Selvaraju et al. 2017, arXiv 1610.02391), as numbers
// and as a picture.
#pragma once

#include "vggen/io/image.hpp"

#include <vggen/net/shape.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace vggen {

/// Returns the class activation map [y][x] of a layer's output and of the gradient of a class's logit with
/// respect to it, both [c][y][x] of `extent`:
///
///     relu(Σ over c of mean(gradients[c]) * activations[c])
///
/// divided by its largest value; all zero where nothing speaks for the class. Throws vggen::error with
/// invalid_argument if the sizes do not match.
[[nodiscard]] std::vector<float> class_activation_map(std::span<const float> activations,
                                                      std::span<const float> gradients, const shape &extent);

/// Returns `picture` with a map [y][x] of that extent over it, values from 0 to 1, stretched to the picture
/// by linear interpolation between the centres of its pixels: the picture in grey where it is 0, red where it
/// is large and yellow where it is 1. Throws vggen::error with invalid_argument if check_image refuses the
/// picture, or the sizes do not match.
[[nodiscard]] image with_map(const image &picture, std::span<const float> map, int height, int width);

} // namespace vggen
