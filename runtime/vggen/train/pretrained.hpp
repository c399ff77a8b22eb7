// Takes a network's first weights from a file that was trained on other classes: all but the classifier.
#pragma once

#include "vggen/train/trainable.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace vggen {

/// What came from the file, by the layers' names in the paper, in the network's order.
struct pretrained_start {
  std::vector<std::string> taken;
  std::vector<std::string> others; ///< the classifier's layers, left as they were
  /// How the file says that its pictures were normalised, for parse_preprocessing; empty: it does not say.
  std::optional<std::string> preprocess;
};

/// Copies into the parameters of `network` those of all layers before its classifier from the weights file
/// (or checkpoint) at `path`, under any of the names that load_parameters knows. The file is of the same
/// configuration up to there; whether it has a classifier, of whatever layers and classes, does not matter.
/// The network's own classifier is to be initialised by the caller, before.
///
/// Throws vggen::error as safetensors_file and load_parameters do: with mismatch, naming the file and every
/// tensor that differs, by its name in the file and in the network; with invalid_argument if the network
/// begins with its classifier. The network is unchanged then.
pretrained_start start_from_pretrained(const std::filesystem::path &path, trainable &network);

} // namespace vggen
