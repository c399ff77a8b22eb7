// An axis of a chart: its range, its ticks, and where on it a value is.
#pragma once

#include <vector>

namespace vggen::detail {

struct axis {
  bool logarithmic = false;
  double low = 0, high = 1;  // of the values' decimal logarithms if logarithmic; low < high
  std::vector<double> ticks; // values, ascending
  double step = 0;           // between ticks; of no meaning if logarithmic

  /// From 0 at the lower end to 1 at the upper one.
  [[nodiscard]] double position(double value) const;
};

/// An axis from tick to tick around `low` … `high` (finite, at most 1e100 in magnitude), from 0 on where that
/// wastes little room.
[[nodiscard]] axis linear_axis(double low, double high);

/// A logarithmic axis around `low` … `high`, at least 1e-100 and at most 1e100. Its ticks are powers of ten,
/// and 2 and 5 times them where the range is less than two decades.
[[nodiscard]] axis logarithmic_axis(double low, double high);

/// An axis of exactly `low` … `high`, with ticks at round whole numbers; around a single value, one step more
/// on both sides.
[[nodiscard]] axis exact_axis(double low, double high);

} // namespace vggen::detail
