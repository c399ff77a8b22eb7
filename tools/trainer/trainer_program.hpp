// The commands that the program of a network in training has beside those of any model: train and eval.
#pragma once

#include "tools/program/dense_classifier.hpp"
#include "tools/program/program.hpp"

#include <vggen/train/trainable.hpp>

namespace vggen {

/// The commands, for run_program(). whole: the same network for whole images, if the program has it.
std::vector<command> training_commands(trainable &network, runnable_model &model,
                                       dense_classifier *whole = nullptr);

} // namespace vggen
