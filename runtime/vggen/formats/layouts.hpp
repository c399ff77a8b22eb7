// Frameworks' layouts of weights, made vggen's as they are read.
#pragma once

#include "vggen/formats/stored_weights.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vggen::detail {

/// Makes a convolution [h, w, in, out] one [out, in, h, w].
void outputs_before_places(stored_tensor &weight);

/// Makes fully connected weights [in, out] ones [out, in]; `in` counts places and in each the channels, and
/// then channels and in each the places. Requires that `channels` divides it. With one place nothing is
/// reordered.
void outputs_before_inputs(stored_tensor &weight, std::int64_t channels);

/// The same reordering of inputs for weights that are [out, in] already.
void places_after_channels(stored_tensor &weight, std::int64_t channels);

/// Puts a tensor's dimensions in another order: dimension d of the new one is dimension order[d] of the old
/// one. Requires that `order` has each dimension once.
void reorder_dimensions(stored_tensor &tensor, const std::vector<std::size_t> &order);

/// A tensor [size] of one value.
[[nodiscard]] stored_tensor constant_tensor(std::string name, std::int64_t size, float value);

} // namespace vggen::detail
