#include "tensor.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vggen::test {

double relative_error(const array &found, const array &expected) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (found.extents != expected.extents) return infinity;
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < expected.values.size(); ++i) {
    if (!std::isfinite(found.values[i])) return infinity;
    difference = std::max(difference, std::abs(found.values[i] - expected.values[i]));
    largest = std::max(largest, std::abs(expected.values[i]));
  }
  if (difference == 0) return 0;
  return largest > 0 ? difference / largest : infinity;
}

} // namespace vggen::test
