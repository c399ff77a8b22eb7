// A network's predictions on a data set, counted, for tables and pages.
#pragma once

#include "tools/trainer/data_parts.hpp"

#include <vggen/report/metrics.hpp>
#include <vggen/report/training_report.hpp>
#include <vggen/train/trainer.hpp>

#include <memory>
#include <string>
#include <vector>

namespace vggen {

struct evaluation_result {
  training_totals totals;
  std::int64_t in_top_5 = 0;
  confusion_matrix confusion{1};
  std::vector<wrong_image> most_wrong; ///< most certain first
};

/// Runs the network over all pictures. `wrong`: how many wrongly classified pictures to keep.
[[nodiscard]] evaluation_result evaluate_all(trainable &network, std::shared_ptr<const dataset> pictures,
                                             const normalisation &how, int loader_threads, std::size_t wrong);

/// Prints top-1, top-5, loss and each class's figures.
void print_evaluation(const evaluation_result &result, const std::vector<std::string> &class_names);

} // namespace vggen
