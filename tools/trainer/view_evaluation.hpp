// Testing as published: a network, or several, on many views of each picture.
#pragma once

#include "tools/trainer/evaluation.hpp"

#include <vggen/data/views.hpp>

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace vggen {

/// Represents one network of an ensemble.
struct ensemble_member {
  std::filesystem::path weights;
  normalisation how; ///< of its pictures
};

/// Classifies each picture by the mean of the softmax outputs over its views and over the members, as in
/// section 3.2 and 4.4 of the VGG paper (arXiv 1409.1556); the loss is that mean's cross-entropy. Views fill
/// batches, of several pictures if need be. Members are loaded one after the other, each running over all
/// views; with several of them the means of all pictures [picture][class] stay in memory meanwhile. Prints
/// notes on the weights, and how far it is, on standard error. Throws vggen::error as load_weights and the
/// loader do.
[[nodiscard]] evaluation_result evaluate_views(trainable &network, std::shared_ptr<const view_dataset> views,
                                               std::span<const ensemble_member> members, int loader_threads);

} // namespace vggen
