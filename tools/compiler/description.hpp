// A network as the describer prints it: what vggen-compile knows of a model.
#pragma once

#include <vggen/net/signature.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace vggen {

/// Represents layers that may run as one kernel (`fused`) or as the two of `split`.
struct described_group {
  signature fused;
  std::vector<signature> split; ///< empty where there is no choice
};

/// Represents a model to be compiled.
struct description {
  std::string name;    ///< of the model: vgg16
  std::string header;  ///< that declares the network
  std::string network; ///< as C++ names it: vggen::vgg16
  std::vector<int> batches;
  int training_batch = 0;              ///< 0: it is not for training
  int gradients_batch = 0;             ///< 0: it is not for gradients at features
  std::vector<described_group> groups; ///< of all batches
};

/// Reads a describer's output. Throws std::runtime_error that names the file.
description read_description(const std::filesystem::path &file);

} // namespace vggen
