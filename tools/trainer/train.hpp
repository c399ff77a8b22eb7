// The command `train`.
#pragma once

#include "tools/program/runnable_model.hpp"
#include "tools/trainer/train_options.hpp"

#include <vggen/train/trainable.hpp>

namespace vggen {

/// Trains a network and leaves what it learnt, and how, in the folder `output`. Throws vggen::error.
void train(trainable &network, runnable_model &model, const train_options &options);

} // namespace vggen
