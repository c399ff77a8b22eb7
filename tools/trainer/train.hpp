// The command `train`.
#pragma once

#include "tools/program/runnable_model.hpp"

#include <vggen/train/initialisers.hpp>
#include <vggen/train/learning_rate.hpp>
#include <vggen/train/trainable.hpp>
#include <vggen/train/trainer.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace vggen {

struct train_options {
  std::filesystem::path data, output = "run";
  std::string format = "auto";
  double validation = 0.05;
  int epochs = 10;
  learning_rate_policy rate{.kind = learning_rate_kind::cosine, .rate = 0.05};
  double warm_up = 0; ///< epochs
  initialisation initial{.convolution = {initialiser_kind::he_normal},
                         .fully_connected = {initialiser_kind::normal, 0.01},
                         .bias = {initialiser_kind::zeros}};
  optimiser_settings optimiser;
  bool decay_biases = false;
  int crop_padding = 0;
  bool flip = false;
  int scale_low = 0, scale_high = 0;
  double colour_shift = 0;
  bool skip_unreadable = false;
  std::filesystem::path weights; ///< to begin with; empty: random ones
  bool resume = false;
  int stop_after = 0; ///< epochs without improvement; 0: never
  int threads = 0, loader_threads = 1;
  std::uint64_t seed = 1;
  std::vector<std::string> arguments; ///< as they were given, for a resumed training
};

/// Trains a network and leaves what it learnt, and how, in the folder `output`. Throws vggen::error.
void train(trainable &network, runnable_model &model, const train_options &options);

} // namespace vggen
