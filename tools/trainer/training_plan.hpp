// What a training would do, for people: what `train --dry-run` prints.
#pragma once

#include "tools/program/runnable_model.hpp"
#include "tools/trainer/data_parts.hpp"
#include "tools/trainer/train_options.hpp"

#include <vggen/train/learning_rate.hpp>
#include <vggen/train/trainable.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace vggen {

/// Steps that see every picture of a training part of `images` once.
[[nodiscard]] std::int64_t steps_in_epoch(std::int64_t images, const trainable_facts &network,
                                          const optimiser_settings &optimiser);

/// The learning rates of ranges of epochs, a line each: "epochs 1 to 30: 0.01". Of a plateau, which are not
/// known, those of the warm-up and the first after it.
[[nodiscard]] std::vector<std::string> rate_lines(const learning_rate_schedule &rate,
                                                  std::int64_t steps_in_epoch, std::int64_t epochs);

/// What a plan is made of.
struct training_plan {
  const train_options &options;
  const trainable_facts &network;
  const model_facts &model;
  const data_parts &data;
  const learning_rate_schedule &rate;
  const std::vector<std::string> &beginning; ///< where the parameters begin
  const std::string &normalisation;          ///< of images
  int threads = 0;
};

/// All of it, in lines.
[[nodiscard]] std::string text_of(const training_plan &plan);

} // namespace vggen
