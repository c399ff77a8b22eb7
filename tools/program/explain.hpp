// The command explain: where in a picture the network sees a class.
#pragma once

#include "tools/program/explainable.hpp"
#include "tools/program/program.hpp"
#include "tools/program/runnable_model.hpp"

#include <functional>

namespace vggen {

/// Adds the command. `facts` are those of the same network.
std::function<void()> add_explain(CLI::App &app, const model_facts &facts, explainable &model);

} // namespace vggen
