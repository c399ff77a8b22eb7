// Where the parameters of a training begin: drawn at random, or taken from files.
#pragma once

#include "tools/trainer/chosen_normalisation.hpp"
#include "tools/trainer/train_options.hpp"

#include <vggen/train/trainable.hpp>

#include <string>
#include <vector>

namespace vggen {

struct first_weights {
  std::vector<std::string> lines; ///< which layers come from which file, for people; empty: none does
  chosen_normalisation normalisation;
};

/// Sets all parameters of the network. Throws vggen::error as the files' readers and initialise do.
first_weights set_first_weights(trainable &network, const train_options &options);

/// The same in a line: "a.safetensors, else convolutions he_normal, ...".
[[nodiscard]] std::string beginning_text(const train_options &options);

} // namespace vggen
