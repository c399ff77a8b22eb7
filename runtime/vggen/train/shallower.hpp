// Starting a deep network from a trained shallow one: section 3.1 of the paper (arXiv 1409.1556).
#pragma once

#include <vggen/net/parameters.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace vggen {

/// Represents a tensor that starts as another's values.
struct tensor_copy {
  std::size_t source;      ///< index among the shallower network's parameters
  std::size_t destination; ///< index among the deeper network's parameters

  bool operator==(const tensor_copy &) const = default;
};

/// What to do about layers that correspond but have other shapes.
enum class other_shapes {
  refuse,
  start_afresh, ///< such a layer is left out, weights and bias: for another input or other classes
};

/// Returns which of the deeper network's tensors start as the shallower one's, by ascending destination: the
/// paper's "first four convolutional layers and the last three fully connected layers" of configuration A.
/// All others are to be initialised afresh.
///
/// The first four convolutions of `source` go where `destination` has them too, at the same place of the same
/// block (conv3_2 to conv3_2); one that it does not have goes nowhere. The fully connected layers, of which
/// there may be any number, are paired from the last one backwards, as long as both have one; they may be
/// convolutions of a classifier (fully_convolutional), if they are so in both. A batch norm goes with its
/// convolution, statistics and all; where only the deeper network has one, it is initialised afresh.
///
/// Both lists are whole ones (parameter_infos). Throws vggen::error with mismatch if layers that correspond
/// have other shapes, or if only the shallower one has batch norms, listing them all, or if nothing
/// corresponds.
[[nodiscard]] std::vector<tensor_copy> copies_from_shallower(std::span<const parameter_info> source,
                                                             std::span<const parameter_info> destination,
                                                             other_shapes otherwise = other_shapes::refuse);

} // namespace vggen
