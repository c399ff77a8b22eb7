// Finds a network's parameters in a weights file, whichever of the usual names the file calls them by.
#pragma once

#include "vggen/core/packed_weights.hpp"
#include "vggen/io/safetensors.hpp"

#include <vggen/net/parameters.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vggen {

/// Represents the parameters of a network, found in a file and of the right shapes and type. Can be moved,
/// its spans stay valid; cannot be copied.
struct loaded_parameters {
  /// The values of each parameter, contiguous, the last of its extents fastest. They lie in the file's
  /// mapping, so the safetensors_file must outlive them; nothing is read before it is used. Empty where the
  /// file has the parameter packed only.
  std::vector<std::span<const float>> tensors; // [parameter], in the order of the list asked for
  /// Those that the file has packed for this program, each on a cache line; null: it has not.
  std::vector<const float *> packed; // [place], in the order of the list asked for
  /// What the user may want to know, one line each.
  std::vector<std::string> notes;
  struct alignas(64) line {
    std::byte bytes[64];
  };
  /// What those tensors point into that the file does not align.
  std::vector<std::unique_ptr<line[]>> copies;

  /// Where each parameter's values are; null where the file has it packed only.
  [[nodiscard]] std::vector<const float *> sources() const;
};

/// Returns the values of `parameters`, a network's whole list (parameter_infos), from `file`. A tensor is
/// found under its layer's torchvision name (features.0.weight), its name in the paper (conv1_1.weight) or
/// its Keras name (block1_conv1.weight; the layout is the network's, not Keras's), each tensor under a name
/// of any of the three. Where a name means one layer to the paper and another to Keras, it is read in the
/// naming that the file uses more. The classifier of a fully convolutional network, [outputs, inputs, height,
/// width], is also taken from a fully connected one, [outputs, inputs * height * width]: the same numbers in
/// the same order.
///
/// Where the network has no classifier, one in the file is ignored, with a note. What an optimiser left
/// beside the weights (tensors called momentum.…, as vggen's checkpoints have them) is passed over. Values
/// are not looked at: whether they are finite is for whoever reads them.
///
/// Weights that were packed for `packed`, a model's packed_infos, stand in for the parameter; what was packed
/// for other kernels cannot be used, and does not count as the parameter.
///
/// Throws vggen::error with
///   mismatch      naming the file and every tensor that is missing, is given twice, has another shape or
///                 element type, was packed for other kernels, or is not of this network: one line each,
///                 grouped where there are many;
///   out_of_memory if memory runs out.
[[nodiscard]] loaded_parameters load_parameters(std::span<const parameter_info> parameters,
                                                const safetensors_file &file,
                                                std::span<const packed_weights_info> packed = {});

/// The preprocessing that the file's metadata ("preprocess") say its weights were trained with, if they do:
/// a text for parse_preprocessing, not yet checked.
[[nodiscard]] std::optional<std::string> preprocess_of(const safetensors_file &file);

} // namespace vggen
