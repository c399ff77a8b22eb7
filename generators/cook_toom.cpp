#include "cook_toom.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace vggen {

namespace {

// The coefficients of the product of (x - p) over all points but `left_out` (-1: over all).
std::vector<rational> monic(const std::vector<rational> &points, int left_out) {
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

rational power(const rational &base, int exponent) {
  rational result = 1;
  for (int i = 0; i < exponent; ++i)
    result *= base;
  return result;
}

} // namespace

minimal_filtering cook_toom(int outputs, int taps, const std::vector<rational> &points) {
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
      f.output[static_cast<std::size_t>(i)][row] = power(points[row], i);
    for (int k = 0; k < taps; ++k)
      f.filter[row][static_cast<std::size_t>(k)] = power(points[row], k) / norm;
    std::ranges::copy(monic(points, j), f.input[row].begin());
  }
  f.output.back().back() = 1; // infinity: the leading coefficients
  f.filter.back().back() = 1;
  std::ranges::copy(monic(points, -1), f.input.back().begin());
  return f;
}

const minimal_filtering &winograd_transforms(int outputs) {
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
