// Weights as some framework's file has them: names, shapes and where the numbers are, in that framework's
// layout.
#pragma once

#include "vggen/io/element_type.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace vggen {

/// Represents one tensor of a file. Its numbers are not read before they are asked for.
struct stored_tensor {
  std::string name;
  element_type type = element_type::f32;
  std::vector<std::int64_t> shape; // each >= 0, the last dimension fastest
  /// Fills a whole tensor, converted to float; the span is as long as the shape says. Throws vggen::error.
  std::function<void(std::span<float>)> read;

  [[nodiscard]] std::int64_t size() const {
    std::int64_t n = 1;
    for (const std::int64_t extent : shape)
      n *= extent;
    return n;
  }
};

/// How a framework lays out weights.
enum class weight_layout {
  torch, ///< convolutions [out, in, h, w], fully connected [out, in] over [c, h, w]
  keras, ///< convolutions [h, w, in, out], fully connected [in, out] over [h, w, c]
};

/// Represents the weights of a file, in the order in which the file's framework lists them. The functions of
/// its tensors keep open what they need.
struct stored_weights {
  std::string file;   ///< its name, for messages
  std::string format; ///< "safetensors", "PyTorch", "Keras", "ONNX"
  weight_layout layout = weight_layout::torch;
  std::vector<stored_tensor> tensors;
  std::map<std::string, std::string> metadata;
};

} // namespace vggen
