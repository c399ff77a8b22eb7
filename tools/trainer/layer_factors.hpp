// Layers that are trained at another rate than the others, or without decay.
#pragma once

#include <vggen/train/trainable.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace vggen {

/// Represents a layer's learning rate as a share of the others'.
struct layer_rate {
  std::string layer; ///< by its name in the paper, as `summary` shows it: conv1_1
  double factor = 1; ///< 0: the layer stays as it is
};

/// Returns the rate that "conv1_1=0.1" says. Throws vggen::error with invalid_argument unless it is a name
/// and a number from 0 to 1e6.
[[nodiscard]] layer_rate parse_layer_rate(std::string_view text);

struct layer_factors {
  std::string freeze_until{};        ///< layers before this one stay as they are, unless `rates` has them
  std::vector<layer_rate> rates;     ///< of the same layer the last one counts
  std::vector<std::string> no_decay; ///< layers whose weights the L2 penalty spares
  bool decay_biases = false;         ///< the penalty is for biases, too
};

/// Sets the network's factors of rate and decay. A layer's rate is for its weights and its bias. Throws
/// vggen::error with invalid_argument, listing the layers there are, for one that the network has not, has no
/// parameters or is frozen.
void set_factors(trainable &network, const layer_factors &factors);

/// What they are for people, a line each; none where nothing is set.
[[nodiscard]] std::vector<std::string> lines_of(const layer_factors &factors);

/// "conv1_1, conv1_2", or "none".
[[nodiscard]] std::string listed(const std::vector<std::string> &names);

} // namespace vggen
