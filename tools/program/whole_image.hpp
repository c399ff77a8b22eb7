// A whole image through a dense network.
#pragma once

#include "tools/program/dense_classifier.hpp"

#include <vggen/io/image.hpp>
#include <vggen/io/preprocessing.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace vggen {

/// Represents what a whole image gives: the logits (the averaged scores) and their softmax, and the pixels
/// that the network saw, [y][x][c] of `extent`. The map of scores is the network's, until its next image.
struct whole_image_result {
  std::vector<float> logits;
  std::vector<double> probabilities;
  shape extent{};
  std::vector<std::uint8_t> pixels;
};

/// Runs `picture`, scaled as fit_whole has it, mirrored if asked for. Throws vggen::error as fit_whole and
/// the network do.
[[nodiscard]] whole_image_result classify_whole(dense_classifier &network, const image &picture,
                                                int smaller_side, bool mirrored,
                                                std::span<const float> constants, bool reverse_channels);

} // namespace vggen
