// The network that a weights file is of, as far as its tensors tell.
#pragma once

#include <vggen/io/safetensors.hpp>
#include <vggen/net/parameters.hpp>

#include <vector>

namespace vggen {

/// Represents a parameter tensor of a network that is known by its weights file alone.
struct stored_parameter {
  /// Layers count from 0. Of the names, the paper's is set; where the file does not have it, as if each
  /// block, and the last one too, ended with a pool.
  parameter_info info;
  const tensor_view *tensor; ///< of F32 and of the shape that `info` says; in the file
};

/// Returns the parameters of the network that `file` has the weights of, in the order of parameter_infos:
/// convolutions, each with its batch norm if it has one, then the classifier, weights before bias. Layers go
/// by torchvision's names (features.0), the paper's (conv1_1, and bn1_1) or Keras's (block1_conv1, and
/// block1_bn1). torchvision's say nothing of blocks: there, a convolution whose number is more than two above
/// that of the convolution or batch norm before it, for more than an activation lies between them, is taken
/// for the first of a block. Tensors called momentum.… and num_batches_tracked are passed over.
///
/// Throws vggen::error with mismatch, naming the file and every tensor that is in no VGG, stands alone
/// (weights without a bias, a batch norm without statistics or without a convolution), is there twice, or has
/// another type or rank than such a tensor has; or if there is none at all.
[[nodiscard]] std::vector<stored_parameter> stored_parameters(const safetensors_file &file);

} // namespace vggen
