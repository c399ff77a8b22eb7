// Numbers and shapes as people read them.
#pragma once

#include <vggen/net/shape.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace vggen {

/// 64x224x224, or 4096 for a vector.
inline std::string shape_text(const shape &s) {
  if (s.flat) return std::to_string(s.channels);
  return std::to_string(s.channels) + "x" + std::to_string(s.height) + "x" + std::to_string(s.width);
}

/// 138357544 as 138,357,544.
inline std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

} // namespace vggen
