// What a training can be told on the command line.
#pragma once

#include "tools/trainer/layer_factors.hpp"

#include <vggen/train/initialisers.hpp>
#include <vggen/train/learning_rate.hpp>
#include <vggen/train/trainer.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace CLI {
class App;
}

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
  layer_factors factors;
  int crop_padding = 0;
  bool flip = false;
  int scale_low = 0, scale_high = 0;
  double colour_shift = 0;
  bool skip_unreadable = false;
  std::filesystem::path weights;         ///< to begin with; empty: random ones
  std::filesystem::path shallower;       ///< of a shallower network, to begin with some of them; empty: none
  std::filesystem::path pretrained;      ///< to begin with all layers of it but the classifier; empty: none
  std::filesystem::path features;        ///< file of what the frozen layers give for each image; empty: none
  std::string normalise;                 ///< a preset, or data; empty: as these files say, else data
  std::string recipe;                    ///< whose settings are defaults; empty: none
  std::vector<std::string> recipe_notes; ///< how these differ from what was published
  bool resume = false;
  bool dry_run = false;
  int stop_after = 0; ///< epochs without improvement; 0: never
  int threads = 0, loader_threads = 1;
  std::uint64_t seed = 1;
  std::vector<std::string> arguments; ///< as they were given, for a resumed training
};

/// Adds the options of `train` to its command; reading a command line then changes `options`, and throws
/// vggen::error or CLI::ParseError for values that make no sense.
void add_train_options(CLI::App &command, train_options &options);

} // namespace vggen
