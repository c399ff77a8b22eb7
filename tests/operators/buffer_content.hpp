// What lies in a buffer that may have a halo. A dimension that begins at -1 has one element of halo at either
// end.
#pragma once

#include "guarded_buffer.hpp"
#include "tensor.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <vector>

namespace vggen::test {

/// Represents where an element is: dimensions innermost first, those that a buffer lacks 0.
using position = std::array<int, 4>;

/// The extent of a dimension without its halo.
inline int inner_extent(const halide_dimension_t &dimension) { return dimension.extent + 2 * dimension.min; }

/// Calls what(element, position, inside) for each element of a dense buffer of at most four dimensions, in
/// the order of memory; inside: not in the halo.
template <class What> void for_each_place(const halide_buffer_t &buffer, What what) {
  std::array<halide_dimension_t, 4> d;
  d.fill(halide_dimension_t(0, 1, 0));
  for (std::size_t i = 0; i < static_cast<std::size_t>(buffer.dimensions); ++i)
    d.at(i) = buffer.dim[i];
  const auto inside = [&](std::size_t i, int at) { return at >= 0 && at < inner_extent(d[i]); };
  std::size_t element = 0;
  position at{};
  for (at[3] = d[3].min; at[3] < d[3].min + d[3].extent; ++at[3])
    for (at[2] = d[2].min; at[2] < d[2].min + d[2].extent; ++at[2])
      for (at[1] = d[1].min; at[1] < d[1].min + d[1].extent; ++at[1]) {
        const bool row_inside = inside(1, at[1]) && inside(2, at[2]) && inside(3, at[3]);
        for (at[0] = d[0].min; at[0] < d[0].min + d[0].extent; ++at[0])
          what(element++, at, row_inside && inside(0, at[0]));
      }
}

/// Fills a buffer with values in the order of memory, its halo with zeros. There must be one value for each
/// element.
template <class T, class Value> void store(guarded_buffer &buffer, std::span<const Value> values) {
  const std::span<T> data = buffer.data<T>();
  std::size_t places = 0, next = 0;
  for_each_place(buffer.descriptor(), [&](std::size_t, const position &, bool inside) { places += inside; });
  if (places != values.size()) throw std::logic_error("a buffer and its content differ in size");
  for_each_place(buffer.descriptor(), [&](std::size_t i, const position &, bool inside) {
    data[i] = inside ? static_cast<T>(values[next++]) : T{0};
  });
}

/// The content of a buffer of floats.
inline array content_of(const guarded_buffer &buffer) {
  const halide_buffer_t &b = buffer.descriptor();
  array result;
  for (int i = 0; i < b.dimensions; ++i)
    result.extents.push_back(inner_extent(b.dim[i]));
  const std::span<const float> data = buffer.data<float>();
  for_each_place(b, [&](std::size_t i, const position &, bool inside) {
    if (inside) result.values.push_back(double{data[i]});
  });
  return result;
}

} // namespace vggen::test
