// The command `train`.
#pragma once

#include <vggen/train/trainable.hpp>
#include <vggen/train/trainer.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace vggen {

struct train_options {
  std::filesystem::path data, output;
  std::string format = "auto";
  int epochs = 10;
  double learning_rate = 0.05;
  double warm_up = 0; ///< epochs
  optimiser_settings optimiser;
  int crop_padding = 0;
  bool flip = false;
  int threads = 0;
  int loader_threads = 1;
  std::uint64_t seed = 1;
};

/// Trains a network and leaves what it learnt in the folder `output`.
void train(trainable &network, const train_options &options);

} // namespace vggen
