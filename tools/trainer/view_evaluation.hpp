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

/// Returns the mean softmax outputs [picture][class] over the views and over the members, as in sections 3.2
/// and 4.4 of the VGG paper (arXiv 1409.1556). Views fill batches, of several pictures if need be. Members
/// are loaded one after the other, each running over all views. Prints notes on the weights, and how far it
/// is, on standard error. Throws vggen::error as load_weights and the loader do.
[[nodiscard]] std::vector<double> view_probabilities(trainable &network,
                                                     std::shared_ptr<const view_dataset> views,
                                                     std::span<const ensemble_member> members,
                                                     int loader_threads);

/// Counts how well such means [picture][class] classify the pictures; the loss is their cross-entropy.
[[nodiscard]] evaluation_result count_probabilities(std::span<const double> means, const dataset &pictures,
                                                    int classes);

} // namespace vggen
