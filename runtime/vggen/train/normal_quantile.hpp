// The quantile function of the standard normal distribution.
#pragma once

namespace vggen::detail {

/// The x that a standard normal number is below with probability p; p from 1e-11 to 1 - 1e-11. Exact to some
/// 1e-15 of x, and the same bits on every machine.
[[nodiscard]] double normal_quantile(double p);

} // namespace vggen::detail
