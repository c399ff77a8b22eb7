// The parameters of a VGG, whatever file they come from: which convolutions and which fully connected layers
// there are, each in one layout.
#pragma once

#include "vggen/formats/stored_weights.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vggen {

/// Represents a batch norm that follows a convolution. Each tensor is [outputs].
struct batch_norm_weights {
  stored_tensor weight, bias, running_mean, running_var;
  double epsilon = 1e-5; ///< torchvision's; Keras's own is 1e-3
};

/// Represents a convolution: weight [outputs, inputs, height, width], bias [outputs].
struct convolution_weights {
  stored_tensor weight, bias;
  std::optional<batch_norm_weights> norm;
};

/// Represents a fully connected layer: weight [outputs, inputs], bias [outputs]. The inputs of the first one
/// are the last convolution's outputs in the order [c, h, w].
struct fully_connected_weights {
  stored_tensor weight, bias;
};

/// Represents all parameters of a VGG.
struct vgg_weights {
  std::string file;                                     ///< where they come from, for messages
  std::vector<std::vector<convolution_weights>> blocks; ///< a max-pool follows each
  std::vector<fully_connected_weights> top;             ///< empty: the network ends with the last pool
  std::map<std::string, std::string> metadata;          ///< the file's: "preprocess", "labels"

  [[nodiscard]] bool has_batch_norm() const;
};

/// Which of a file's tensors are a VGG's.
enum class vgg_part {
  whole,   ///< all; one that fits nowhere is an error
  encoder, ///< of a larger network the convolutions, with their batch norms, that are named as a VGG's: all
           ///< others, and fully connected layers, are left out
};

/// Opens a file of a VGG's weights: safetensors, PyTorch's state dicts (.pth, .pt; zip or the older stream),
/// Keras's
/// (.h5, .weights.h5) or ONNX. Which it is, its content says, not its name. The file stays open as long as
/// any of the tensors lives; one of HDF5 is opened again when a tensor is read.
///
/// Throws vggen::error with
///   cannot_open   if the file is missing, is not a regular file, or may not be read;
///   corrupt_file  if it contradicts itself or its format;
///   unsupported   if it is of none of these kinds, or needs something that is not read here: the message
///   says what; mismatch      if it holds no VGG (see find_vgg); too_large     if it asks for more than it
///   can hold; out_of_memory if memory runs out.
[[nodiscard]] vgg_weights open_vgg(const std::filesystem::path &path, vgg_part part = vgg_part::whole);

/// Finds a VGG in a file's tensors: by torchvision's names (features.0.weight), the paper's (conv1_1.weight)
/// or Keras's (block1_conv1, or conv2d, conv2d_1, … in their order). Biases may be missing, and are zero
/// then. Layouts become those above; nothing is read yet.
///
/// Throws vggen::error with mismatch, naming each tensor that fits nowhere and each that is missing; of an
/// encoder also if there are batch norms, but none named as one of its convolutions'.
[[nodiscard]] vgg_weights find_vgg(const stored_weights &stored, vgg_part part = vgg_part::whole);

} // namespace vggen
