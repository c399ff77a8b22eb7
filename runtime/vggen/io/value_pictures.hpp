// Numbers as pictures: what a layer gives, and the weights of a convolution.
#pragma once

#include "vggen/io/image.hpp"

#include <span>

namespace vggen {

/// The least and the largest of values, those that are not finite left out.
struct value_range {
  float least = 0, largest = 0;
};
[[nodiscard]] value_range range_of(std::span<const float> values);

/// Returns a map [y][x] in grey: black is the range's least value, white its largest; what is outside of it
/// or not finite is black or white too, NaN black. A map of one value for all is black. Throws vggen::error
/// with invalid_argument if the size does not match the extents.
[[nodiscard]] image map_picture(std::span<const float> map, int height, int width, value_range range);

/// The largest magnitude of weights, those that are not finite left out; 0 if there are none.
[[nodiscard]] float largest_magnitude(std::span<const float> weights);

/// Returns a filter [c][y][x] of one channel, in grey, or of three, which are red, green and blue, or the
/// other way round if `reverse_channels`. Zero is mid-grey, and the weight of the largest magnitude is black
/// or full; weights that are not finite are mid-grey. Throws vggen::error with invalid_argument if the size
/// does not match the extents.
[[nodiscard]] image filter_picture(std::span<const float> weights, int height, int width,
                                   bool reverse_channels);

} // namespace vggen
