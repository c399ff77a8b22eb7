// Dense evaluation as published: a network on whole pictures.
#pragma once

#include "tools/program/dense_classifier.hpp"
#include "tools/trainer/evaluation.hpp"
#include "tools/trainer/view_evaluation.hpp"

#include <vggen/data/dataset.hpp>

#include <span>
#include <vector>

namespace vggen {

/// The sizes that a picture is looked at as a whole.
struct dense_views {
  std::vector<int> scales; ///< of its smaller side; none: its own
  bool flip = false;       ///< its mirror image, too
};

/// Returns the mean softmax outputs [picture][class] over the scales and over the members, of the whole
/// pictures (section 3.2 of the VGG paper, arXiv 1409.1556). Prints notes on the weights, and how far it is,
/// on standard error. Throws vggen::error, with the picture's name where it is the picture's.
[[nodiscard]] std::vector<double> dense_probabilities(dense_classifier &network, const dataset &pictures,
                                                      const dense_views &views,
                                                      std::span<const ensemble_member> members, int threads);

} // namespace vggen
