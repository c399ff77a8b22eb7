#include "tools/trainer/kept_features.hpp"

#include "tools/program/progress.hpp"
#include "tools/program/texts.hpp"

#include <vggen/io/error.hpp>
#include <vggen/train/feature_cache.hpp>
#include <vggen/train/head_network.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace vggen {

namespace {

// What data these are: the files, and which of them are in which part.
std::string data_text(const train_options &options, const data_parts &data) {
  std::vector<std::string> files;
  const auto add = [&](const std::filesystem::directory_entry &entry) {
    if (entry.is_regular_file())
      files.push_back(entry.path().string() + " " + std::to_string(entry.file_size()) + " " +
                      std::to_string(entry.last_write_time().time_since_epoch().count()));
  };
  const std::filesystem::path all = std::filesystem::absolute(options.data);
  if (std::filesystem::is_directory(all))
    for (const auto &entry : std::filesystem::recursive_directory_iterator(all))
      add(entry);
  else
    add(std::filesystem::directory_entry(all)); // a list
  std::ranges::sort(files);
  std::string text = data.kind + " " + std::to_string(data.training->size()) + " " +
                     std::to_string(data.validation->size()) + " " + std::to_string(options.seed) + " " +
                     std::to_string(options.skip_unreadable);
  for (const std::string &file : files)
    text += "\n" + file;
  return text;
}

} // namespace

void check_kept_features(trainable &network, const train_options &options) {
  if (options.features.empty()) return;
  static_cast<void>(head_network(network));
  if (options.crop_padding > 0 || options.flip || options.scale_low > 0 || options.colour_shift > 0)
    throw error(error_code::invalid_argument,
                "--cache-features: found changes of the images (--flip, --crop-padding, --scale-low, "
                "--colour-shift), expected none: features are kept of each image as it is");
}

void keep_features(trainable &network, const train_options &options, const data_parts &data,
                   const preprocessing &how, loader &training, loader &validation) {
  const std::string key = feature_key(network, how, data_text(options, data));
  if (has_features(options.features, key)) {
    std::printf("features of the frozen layers: read from %s\n", options.features.c_str());
    return;
  }
  const std::array parts{feature_part{"training", &training}, feature_part{"validation", &validation}};
  progress shown("features of the frozen layers");
  write_features(options.features, key, network, normalisation_of(how, network.facts()), parts,
                 [&](double done) { shown.update(done); });
  std::printf("features of the frozen layers: %s numbers for an image, written to %s\n",
              grouped(static_cast<std::int64_t>(network.facts().frozen_floats)).c_str(),
              options.features.c_str());
}

} // namespace vggen
