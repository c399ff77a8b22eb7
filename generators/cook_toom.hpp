// The transforms of Winograd's minimal filtering F(m, r), made by the Cook-Toom construction from points at
// which the polynomials are evaluated (Winograd 1980; Lavin and Gray 2015; Blahut, Fast Algorithms for Signal
// Processing, chapter 5): with n = m + r - 1 and inputs d [n], filter g [r]
//
//     outputs [m] = output * ((filter * g) . (input * d))
//
// where . multiplies element by element. All numbers are exact: the construction is done in rationals.
#pragma once

#include <boost/rational.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace vggen {

using rational = boost::rational<std::int64_t>; // compare with rational(0): boost 1.74 and C++20 do not get
                                                // along with ints
using rational_matrix = std::vector<std::vector<rational>>; // [row][column]

/// Represents the transforms of F(m, r).
struct minimal_filtering {
  int outputs = 0;        ///< m
  int taps = 0;           ///< r
  rational_matrix input;  ///< [m + r - 1][m + r - 1]
  rational_matrix filter; ///< [m + r - 1][r]
  rational_matrix output; ///< [m][m + r - 1]

  [[nodiscard]] int points() const { return outputs + taps - 1; }
};

namespace detail {

// The coefficients of the product of (x - p) over all points but `left_out` (-1: over all).
inline std::vector<rational> monic(const std::vector<rational> &points, int left_out) {
  std::vector<rational> coefficients{1};
  for (std::size_t l = 0; l < points.size(); ++l) {
    if (static_cast<int>(l) == left_out) continue;
    std::vector<rational> next(coefficients.size() + 1, 0);
    for (std::size_t t = 0; t < coefficients.size(); ++t) {
      next[t + 1] += coefficients[t];
      next[t] -= points[l] * coefficients[t];
    }
    coefficients = next;
  }
  return coefficients;
}

inline rational power(const rational &base, int exponent) {
  rational result = 1;
  for (int i = 0; i < exponent; ++i)
    result *= base;
  return result;
}

} // namespace detail

/// The transforms from `points`, m + r - 2 different ones; infinity is one more. Throws std::invalid_argument
/// if their number is another one or two are equal.
inline minimal_filtering cook_toom(int outputs, int taps, const std::vector<rational> &points) {
  const int n = outputs + taps - 1;
  if (static_cast<int>(points.size()) != n - 1)
    throw std::invalid_argument("F(" + std::to_string(outputs) + ", " + std::to_string(taps) + ") needs " +
                                std::to_string(n - 1) + " points");
  minimal_filtering f{.outputs = outputs, .taps = taps, .input = {}, .filter = {}, .output = {}};
  const auto zeros = [](int rows, int columns) {
    return rational_matrix(static_cast<std::size_t>(rows),
                           std::vector<rational>(static_cast<std::size_t>(columns), 0));
  };
  f.input = zeros(n, n);
  f.filter = zeros(n, taps);
  f.output = zeros(outputs, n);
  for (int j = 0; j + 1 < n; ++j) {
    const auto row = static_cast<std::size_t>(j);
    rational norm = 1;
    for (std::size_t l = 0; l < points.size(); ++l)
      if (l != row) norm *= points[row] - points[l];
    if (norm == rational(0)) throw std::invalid_argument("two points are equal");
    for (int i = 0; i < outputs; ++i)
      f.output[static_cast<std::size_t>(i)][row] = detail::power(points[row], i);
    for (int k = 0; k < taps; ++k)
      f.filter[row][static_cast<std::size_t>(k)] = detail::power(points[row], k) / norm;
    std::ranges::copy(detail::monic(points, j), f.input[row].begin());
  }
  f.output.back().back() = 1; // infinity: the leading coefficients
  f.filter.back().back() = 1;
  std::ranges::copy(detail::monic(points, -1), f.input.back().begin());
  return f;
}

/// The same with plain powers in the filter's transform, which is cheaper to apply: their norms are in the
/// input's.
inline minimal_filtering with_plain_filter(minimal_filtering f) {
  for (std::size_t row = 0; row < f.filter.size(); ++row) {
    const rational leading = f.filter[row].front(); // of the powers of a point, the first; of infinity 0
    if (leading == rational(0)) continue;
    for (rational &factor : f.filter[row])
      factor /= leading;
    for (rational &factor : f.input[row])
      factor *= leading;
  }
  return f;
}

/// F(m, 3) for m from 2 to 6. The points are those of the smallest error among small rationals in pairs of
/// opposite sign (which keep the transforms sparse), found by computing 2D tiles in float32 with each
/// set: 1.1e-6 of the largest output for F(4, 3) with 3/4 and 4/3, where the usual 1 and 2
/// give 6.4e-6; 4.6e-6 for F(5, 3); 1.1e-5 for F(6, 3). That fractions beat integers: Barabasz, Anderson,
/// Soodhalter and Gregg 2020, Error Analysis and Improving the Accuracy of Winograd Convolution for Deep
/// Neural Networks.
inline const minimal_filtering &winograd_transforms(int outputs) {
  const auto with = [](int m, std::vector<rational> points) { return cook_toom(m, 3, points); };
  static const std::array<minimal_filtering, 5> all{
      with(2, {0, 1, -1}),
      with(3, {0, 1, -1, {1, 2}}),
      with(4, {0, {3, 4}, {-3, 4}, {4, 3}, {-4, 3}}),
      with(5, {0, 1, -1, {3, 2}, {-3, 2}, {-1, 2}}),
      with(6, {0, 1, -1, 2, -2, {2, 3}, {-2, 3}}),
  };
  if (outputs < 2 || outputs > 6)
    throw std::invalid_argument("Winograd: tiles of 2 to 6 outputs are supported");
  return all[static_cast<std::size_t>(outputs - 2)];
}

} // namespace vggen
