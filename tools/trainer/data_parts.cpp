#include "tools/trainer/data_parts.hpp"

#include "tools/trainer/open_data.hpp"

#include <vggen/data/subset.hpp>
#include <vggen/io/error.hpp>

#include <cmath>

namespace vggen {

namespace {

// That a part is what the network learns.
void check_part(const std::filesystem::path &folder, const dataset &part, const trainable_facts &network) {
  const std::string name(network.name);
  if (network.boxes > 0 && !part.find_box(0))
    throw error(error_code::mismatch,
                folder.string() + ": found images without boxes, expected a list of them (boxes.csv), as " +
                    name + " learns them");
  const auto classes = static_cast<int>(part.class_names().size());
  if (network.boxes != 1 && classes != network.classes)
    throw error(error_code::mismatch, folder.string() + ": found " + std::to_string(classes) +
                                          " classes, expected " + std::to_string(network.classes) + ", as " +
                                          name + (network.boxes > 0 ? " has boxes for" : " tells apart"));
}

} // namespace

data_parts open_parts(const std::filesystem::path &folder, const std::string &format, double validation,
                      std::uint64_t seed, const trainable_facts &network) {
  const named_data data = open_data(folder, format);
  check_part(folder, *data.training, network);
  if (data.test && data.test->class_names() != data.training->class_names())
    throw error(error_code::mismatch, folder.string() + ": the classes of training and test part differ");
  data_parts parts{.training = data.training,
                   .validation = nullptr,
                   .test = data.test,
                   .validation_name = {},
                   .kind = data.kind};
  if (validation > 0) {
    const auto kept = std::llround(validation * static_cast<double>(data.training->size()));
    if (kept < 1 || kept >= data.training->size())
      throw error(error_code::invalid_argument,
                  "--validation: found a share of " + std::to_string(kept) + " of the " +
                      std::to_string(data.training->size()) +
                      " images in the training part, expected at least one to validate with and one to train "
                      "with (or 0, for the test part)");
    auto both = split_share(data.training, validation, seed);
    parts.training = both.training;
    parts.validation = both.validation;
    parts.validation_name = "validation set";
  } else {
    parts.validation = data.test;
    parts.validation_name = "test set";
  }
  if (!parts.test) parts.test = parts.validation;
  if (!parts.test)
    throw error(error_code::invalid_argument, folder.string() +
                                                  ": found no test part; keep some of the training part "
                                                  "back with --validation");
  return parts;
}

std::shared_ptr<const dataset> open_part(const std::filesystem::path &folder, const std::string &format,
                                         bool test, const trainable_facts &network) {
  const named_data data = open_data(folder, format);
  const auto &part = test && data.kind != "list" ? data.test : data.training; // a list is all there is
  if (!part)
    throw error(error_code::invalid_argument, folder.string() +
                                                  ": found no test part (a folder `test` or `val` beside "
                                                  "`train`); --part training measures all images there are");
  check_part(folder, *part, network);
  return part;
}

preprocessing preprocessing_from(const image_statistics &statistics) {
  preprocessing how{.name = {},
                    .resize_smaller_side = 224, // of 224: whole pictures
                    .divisor = 255,
                    .mean = {},
                    .deviation = {1, 1, 1},
                    .reverse_channels = false};
  for (std::size_t c = 0; c < 3; ++c) {
    const std::size_t from = static_cast<int>(c) < statistics.channels ? c : 0;
    how.mean[c] = static_cast<float>(statistics.mean[from]);
    // a channel that never changes is only shifted
    if (statistics.deviation[from] > 0) how.deviation[c] = static_cast<float>(statistics.deviation[from]);
  }
  return how;
}

normalisation normalisation_of(const preprocessing &how, const trainable_facts &network) {
  return {.constants = constants_of(how, network.input.channels), .reverse_channels = how.reverse_channels};
}

picture_extent extent_of(const trainable_facts &network) {
  return {network.input.channels, network.input.height, network.input.width};
}

} // namespace vggen
