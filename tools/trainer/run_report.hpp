// The page about a training.
#pragma once

#include "tools/program/runnable_model.hpp"
#include "tools/trainer/evaluation.hpp"
#include "tools/trainer/run_folder.hpp"

#include <string>
#include <vector>

namespace vggen {

/// Gathers what the page tells: the network from `model`, the filters from `network`, whose images are
/// normalised in that way, the rest as given; of a `test` without classified images nothing.
[[nodiscard]] training_report make_report(const runnable_model &model, trainable &network,
                                          const normalisation &how, std::vector<epoch_record> epochs,
                                          const evaluation_result &test, const std::string &test_name,
                                          std::vector<std::string> class_names,
                                          std::vector<run_option> options);

} // namespace vggen
