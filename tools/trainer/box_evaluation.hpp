// A network's boxes on a data set, compared with those of its pictures.
#pragma once

#include "tools/trainer/data_parts.hpp"

#include <vggen/train/trainer.hpp>

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <vector>

namespace vggen {

struct box_evaluation {
  training_totals totals;
  std::vector<training_totals> by_class;
};

/// Runs the network over all pictures, which have boxes.
[[nodiscard]] box_evaluation evaluate_boxes(trainable &network, std::shared_ptr<const dataset> pictures,
                                            const normalisation &how, int loader_threads);

/// Prints the mean overlap and the share of boxes that are found, of all and of each class.
void print_evaluation(const box_evaluation &result, const std::vector<std::string> &class_names);

/// The same as JSON; of classes without pictures both are null.
[[nodiscard]] nlohmann::ordered_json to_json(const box_evaluation &result,
                                             const std::vector<std::string> &class_names);

} // namespace vggen
