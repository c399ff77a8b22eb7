// Takes a network's first weights from the file of a shallower one.
#pragma once

#include "vggen/train/trainable.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace vggen {

/// Which layers begin as the shallower network's, by their names in the deeper one, in its order.
struct shallower_start {
  std::vector<std::string> copied; ///< "conv1_1"; "fc4 (fc3)" where the shallower one's has another name
  std::vector<std::string> others; ///< left as they were
};

/// Copies into the parameters of `network` those of the shallower network that the weights file (or
/// checkpoint) at `path` holds, as copies_from_shallower pairs them; the others are to be initialised by the
/// caller, before. Throws vggen::error as safetensors_file and stored_parameters do, and with mismatch,
/// naming the file and listing them all, if layers that correspond have other shapes; the network is
/// unchanged then.
shallower_start start_from_shallower(const std::filesystem::path &path, trainable &network);

} // namespace vggen
