// Reads a VGG from an ONNX network: the parameters in the order in which its nodes use them, whatever they
// are called.
#pragma once

#include "vggen/formats/vgg_weights.hpp"
#include "vggen/io/mapped_file.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace vggen::detail {

/// Whether a file that begins like this can be ONNX: it has no mark of its own, so that this is a guess.
[[nodiscard]] bool is_onnx(std::span<const std::byte> bytes);

/// The network's parameters. Convolutions are [outputs, inputs, h, w] in every ONNX file; whether the first
/// fully connected layer takes channels or places first, the nodes before it say.
///
/// Throws vggen::error as open_vgg() does; unsupported for a node that no VGG has, and for numbers outside
/// the file's folder.
[[nodiscard]] vgg_weights open_onnx(const std::shared_ptr<const mapped_file> &file);

} // namespace vggen::detail
