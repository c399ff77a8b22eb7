// Published ways to train a VGG, as options of the command line: what each sets unless the option itself is
// given.
#pragma once

#include <vggen/train/trainable.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vggen {

/// Arguments of `train` in the long form, each "--name=value", or "--name" of a flag.
using argument_list = std::vector<std::string>;

/// "--name" of such an argument.
[[nodiscard]] std::string option_of(const std::string &argument);

/// Represents an option as a recipe has it.
struct recipe_setting {
  std::string argument;
  std::string note; ///< how that differs from what was published; empty: it does not
};

/// Returns the settings of a recipe for that network:
///   paper        arXiv 1409.1556, section 3.1: batches of 256, 74 epochs, the rate divided by ten up to
///   three
///                times when the validation accuracy stops improving, scale jittering, colour shift;
///   torchvision  its reference training of VGGs (references/classification): 90 epochs, the rate divided by
///                ten after each 30, kaiming_normal convolutions.
/// Extents of pictures are those for 224 pixels times the network's extent / 224. Batches that are smaller
/// than 256 are accumulated. epochs: how many there will be, for what depends on it; 0: as many as the recipe
/// says. Throws vggen::error with invalid_argument, listing these, if there is none of that name.
[[nodiscard]] std::vector<recipe_setting>
recipe_settings(std::string_view name, const trainable_facts &network, std::int64_t epochs = 0);

struct recipe_arguments {
  argument_list arguments;
  std::vector<std::string> notes; ///< of the settings that are among them
};

/// Returns the arguments that were given, after those that their --recipe, if there is one, adds: settings
/// whose option is given too are left out, wherever it stands. Throws vggen::error as recipe_settings does.
[[nodiscard]] recipe_arguments with_recipe(const argument_list &given, const trainable_facts &network);

} // namespace vggen
