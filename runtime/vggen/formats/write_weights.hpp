// Writes a VGG's parameters for vggen and PyTorch, for Keras, and as an ONNX network.
#pragma once

#include "vggen/formats/vgg_weights.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>

namespace vggen {

/// Is told how much is written, from 0 to 1.
using write_progress = std::function<void(double)>;

/// Each of these replaces what is at `path` once the new file is whole. Parameters are read one tensor at a
/// time. They throw vggen::error as the reading of a tensor does, and with cannot_write.

/// A safetensors file with torchvision's names: features.0.weight, classifier.6.bias.
void write_vgg_safetensors(const std::filesystem::path &path, const vgg_weights &weights,
                           const write_progress &progress = {});

/// A file of weights for Keras's load_weights (.h5, the layout of Keras 2, which Keras 3 reads too), with the
/// names of keras.applications: block1_conv1, fc1, predictions; batch norms are block1_bn1.
void write_vgg_keras(const std::filesystem::path &path, const vgg_weights &weights,
                     const write_progress &progress = {});

/// What an ONNX network is to compute.
struct onnx_options {
  bool softmax = false; ///< probabilities; else logits
};

/// The whole network as ONNX (opset 13): input "input" [n, channels, height, width], of the extent that the
/// first fully connected layer asks for, any without a top; output "output". Batch norms must have been
/// folded (fold_batch_norm), or they are nodes of their own.
void write_vgg_onnx(const std::filesystem::path &path, const vgg_weights &weights,
                    const onnx_options &options = {}, const write_progress &progress = {});

/// The extent of the square images that the fully connected layers are made for: 224 of VGG's 7x7 x 512
/// inputs. 0: no top, or one that takes an average of each channel. Throws vggen::error with mismatch if no
/// square gives that many.
[[nodiscard]] std::int64_t input_extent(const vgg_weights &weights);

} // namespace vggen
