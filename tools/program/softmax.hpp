#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace vggen {

/// The softmax of logits, in double precision; at least one logit.
inline std::vector<double> softmax_of(std::span<const float> logits) {
  const double largest = *std::ranges::max_element(logits);
  std::vector<double> shares;
  shares.reserve(logits.size());
  double total = 0;
  for (const float logit : logits)
    total += shares.emplace_back(std::exp(logit - largest));
  for (double &share : shares)
    share /= total;
  return shares;
}

} // namespace vggen
