// What the frozen layers of a network in training give for its images, kept in a file (--cache-features).
#pragma once

#include "tools/trainer/data_parts.hpp"
#include "tools/trainer/train_options.hpp"

namespace vggen {

/// Throws vggen::error if features are to be kept, and the network has none, or images are not shown as they
/// are.
void check_kept_features(trainable &network, const train_options &options);

/// Writes those of both parts to options.features, unless it holds them already, and says which.
void keep_features(trainable &network, const train_options &options, const data_parts &data,
                   const preprocessing &how, loader &training, loader &validation);

} // namespace vggen
