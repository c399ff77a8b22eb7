// The command scores: whole images at several scales, and where in them a class is.
#pragma once

#include "tools/program/dense_classifier.hpp"
#include "tools/program/program.hpp"
#include "tools/program/runnable_model.hpp"

#include <functional>

namespace vggen {

/// Adds the command. `facts` are those of the same network.
std::function<void()> add_scores(CLI::App &app, const model_facts &facts, dense_classifier &network);

} // namespace vggen
