// Round ticks.
#include "vggen/report/axis.hpp"

#include <algorithm>
#include <cmath>

namespace vggen::detail {
namespace {

// The smallest of 1, 2 and 5 times a power of ten that is at least `raw`.
double round_step(double raw) {
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1., 2., 5.})
    if (factor * power >= raw * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

// Multiples of the step, not sums of it: rounding must not add up.
void add_ticks(axis &result, double from, double to) {
  const auto first = std::ceil(from / result.step - 1e-6), last = std::floor(to / result.step + 1e-6);
  for (double n = first; n <= last && result.ticks.size() < 20; ++n)
    result.ticks.push_back(n * result.step + 0.0); // + 0.0: no negative zero
}

} // namespace

double axis::position(double value) const {
  return ((logarithmic ? std::log10(value) : value) - low) / (high - low);
}

axis linear_axis(double low, double high) {
  if (std::max(std::fabs(low), std::fabs(high)) < 1e-100) low = high = 0; // steps must not vanish
  if (low >= 0 && low < 0.6 * high) low = 0;
  if (high - low <= 1e-9 * std::max(std::fabs(low), std::fabs(high))) { // flat: some room around it
    const double room = high == 0 ? 1 : std::fabs(high) * 0.1;
    low -= room;
    high += room;
  }
  axis result;
  result.step = round_step((high - low) / 5);
  result.low = std::floor(low / result.step + 1e-6) * result.step;
  result.high = std::ceil(high / result.step - 1e-6) * result.step;
  add_ticks(result, result.low, result.high);
  return result;
}

axis logarithmic_axis(double low, double high) {
  axis result;
  result.logarithmic = true;
  const double decades = std::log10(high) - std::log10(low);
  const bool fine = decades < 2;
  const double every = std::max(1., std::ceil(decades / 6)); // decades from tick to tick
  std::vector<double> candidates;
  const int first = static_cast<int>(std::floor(std::log10(low) / every)) - 1,
            last = static_cast<int>(std::ceil(std::log10(high) / every)) + 1;
  for (int n = first; n <= last; ++n)
    for (const double factor : {1., 2., 5.})
      if (factor == 1 || fine) candidates.push_back(factor * std::pow(10, n * every));
  const auto above = std::upper_bound(candidates.begin(), candidates.end(), low * (1 + 1e-9));
  auto from = above == candidates.begin() ? above : above - 1;
  auto to = std::lower_bound(candidates.begin(), candidates.end(), high * (1 - 1e-9));
  if (to == candidates.end()) --to;
  if (to <= from + 1 && from != candidates.begin()) --from; // flat: some room around it
  result.ticks.assign(from, to + 1);
  result.low = std::log10(std::min(low, result.ticks.front()));
  result.high = std::log10(std::max(high, result.ticks.back()));
  return result;
}

axis exact_axis(double low, double high) {
  axis result;
  result.low = low;
  result.high = high;
  if (low < high) {
    result.step = std::max(1., round_step((high - low) / 8));
    add_ticks(result, low, high);
  } else {
    result.low = low - 1;
    result.high = high + 1;
    result.step = 1;
    result.ticks = {low};
  }
  return result;
}

} // namespace vggen::detail
