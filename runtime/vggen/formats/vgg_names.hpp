// What torchvision and Keras call the layers of a VGG.
#pragma once

#include "vggen/formats/vgg_weights.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace vggen::detail {

/// Represents a tensor under the name of its layer and its own: features.0 and weight.
struct named_parameter {
  std::string layer, name;
  const stored_tensor *tensor;
};

/// All parameters with torchvision's names, in its order.
[[nodiscard]] std::vector<named_parameter> torchvision_parameters(const vgg_weights &weights);

/// What is noted of weights in any file: "preprocess", and "labels" where there are classes.
[[nodiscard]] std::map<std::string, std::string> metadata_to_write(const vgg_weights &weights);

/// "block2_conv1", counted from 1; "fc1", and "predictions" of the last layer of a top.
[[nodiscard]] std::string keras_convolution(std::size_t block, std::size_t index);
[[nodiscard]] std::string keras_fully_connected(std::size_t index, std::size_t count);

} // namespace vggen::detail
