#include "tools/trainer/run_folder.hpp"

#include <vggen/io/error.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <map>

namespace vggen {

namespace fs = std::filesystem;

run_folder::run_folder(fs::path folder, bool resume) : folder_(std::move(folder)) {
  std::error_code failed;
  if (fs::exists(folder_, failed) && !fs::is_directory(folder_, failed))
    throw error(error_code::cannot_write,
                folder_.string() + ": found a file, expected a folder, or none yet");
  const bool there = fs::exists(checkpoint(), failed);
  if (there && !resume)
    throw error(error_code::invalid_argument, folder_.string() +
                                                  ": there is a training in this folder already; go on "
                                                  "with it (--resume), or choose another --output");
  if (!there && resume)
    throw error(error_code::cannot_open,
                checkpoint().string() + ": there is no checkpoint to resume from; --output is the folder "
                                        "of the training to go on with");
}

void run_folder::open() {
  std::error_code failed;
  fs::create_directories(folder_, failed);
  if (!fs::is_directory(folder_))
    throw error(error_code::cannot_write,
                folder_.string() + ": cannot be made" + (failed ? ": " + failed.message() : ""));
  lines_.emplace(log());
  events_.emplace(folder_);
}

void run_folder::write(const epoch_record &e) {
  const bool boxes = !std::isnan(e.validation_overlap);
  nlohmann::ordered_json line = {{"epoch", e.epoch},
                                 {"step", e.step},
                                 {"seconds", e.seconds},
                                 {"training_loss", e.training_loss},
                                 {"training_accuracy", e.training_accuracy},
                                 {"validation_loss", e.validation_loss},
                                 {"validation_accuracy", e.validation_accuracy},
                                 {"learning_rate", e.learning_rate},
                                 {"images_per_second", e.images_per_second},
                                 {"data_wait_seconds", e.data_wait_seconds}};
  if (boxes) {
    line["training_overlap"] = e.training_overlap;
    line["validation_overlap"] = e.validation_overlap;
    events_->scalar("overlap/training", e.step, e.training_overlap);
    events_->scalar("overlap/validation", e.step, e.validation_overlap);
  }
  lines_->write(line);
  events_->scalar("loss/training", e.step, e.training_loss);
  events_->scalar("loss/validation", e.step, e.validation_loss);
  events_->scalar("accuracy/training", e.step, e.training_accuracy);
  events_->scalar("accuracy/validation", e.step, e.validation_accuracy);
  events_->scalar("learning rate", e.step, e.learning_rate);
  events_->scalar("images per second", e.step, e.images_per_second);
  events_->scalar("seconds waited for data", e.step, e.data_wait_seconds);
  events_->flush();
}

std::vector<epoch_record> run_folder::epochs(int last) const {
  std::map<int, epoch_record> by_epoch;
  std::ifstream in(log());
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_discarded() || !json.contains("epoch")) continue; // a line that a killed program left
    const auto number = [&](const char *name) {
      const auto &value = json.value(name, nlohmann::json());
      return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
    };
    epoch_record e{.epoch = json.at("epoch"),
                   .step = json.value("step", std::int64_t{0}),
                   .seconds = number("seconds"),
                   .training_loss = number("training_loss"),
                   .training_accuracy = number("training_accuracy"),
                   .validation_loss = number("validation_loss"),
                   .validation_accuracy = number("validation_accuracy"),
                   .training_overlap = number("training_overlap"),
                   .validation_overlap = number("validation_overlap"),
                   .learning_rate = number("learning_rate"),
                   .images_per_second = number("images_per_second"),
                   .data_wait_seconds = number("data_wait_seconds")};
    if (e.epoch <= last) by_epoch[e.epoch] = e;
  }
  std::vector<epoch_record> all;
  all.reserve(by_epoch.size());
  for (const auto &[epoch, record] : by_epoch)
    all.push_back(record);
  return all;
}

} // namespace vggen
