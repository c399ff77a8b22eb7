// The program of one compiled model: what its modes have commands for.
#pragma once

#include "tools/program/dense_model.hpp"
#include "tools/program/explain.hpp"
#include "tools/program/explainable_model.hpp"
#include "tools/program/model_adapter.hpp"
#include "tools/program/program.hpp"
#include "tools/program/scores.hpp"

#include <cstddef>
#include <span>

namespace vggen {

/// Runs the program of a Model (vggen::model), with the weights that are in it, if there are any.
template <class Model> int run_compiled(int argc, char **argv, std::span<const std::byte> weights = {}) {
  model_adapter<Model> model(weights);
  if constexpr (Model::kernels::gradients_batch > 0) {
    explainable_model<Model> explained;
    return run_program(model, argc, argv,
                       {[&](CLI::App &app) { return add_explain(app, model.facts(), explained); }});
  } else if constexpr (is_dynamic<typename Model::network>) {
    dense_model<Model> whole;
    return run_program(model, argc, argv,
                       {[&](CLI::App &app) { return add_scores(app, model.facts(), whole); }});
  } else {
    return run_program(model, argc, argv);
  }
}

} // namespace vggen
