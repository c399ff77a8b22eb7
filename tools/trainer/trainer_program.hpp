// The commands that the program of a network in training has beside those of any model: train and eval.
#pragma once

#include "tools/program/program.hpp"

#include <vggen/train/trainable.hpp>

namespace vggen {

/// The commands, for run_program().
std::vector<command> training_commands(trainable &network, runnable_model &model);

} // namespace vggen
