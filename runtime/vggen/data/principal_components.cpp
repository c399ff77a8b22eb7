// Cyclic Jacobi: each rotation makes one element beside the diagonal zero; they converge quadratically.
#include "vggen/data/principal_components.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace vggen {
namespace {

// Rotates the plane of axes p and q so that a[p][q] becomes zero; the columns of `basis` turn with it.
// Golub and Van Loan, Matrix Computations, 8.5.2.
void rotate(matrix3 &a, matrix3 &basis, std::size_t p, std::size_t q) {
  if (a[p][q] == 0) return;
  const double tau = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const double t =
      (tau >= 0 ? 1 : -1) / (std::abs(tau) + std::hypot(1.0, tau)); // the smaller of the two angles
  const double cosine = 1 / std::hypot(1.0, t);
  const double sine = t * cosine;
  const auto turn = [&](double &x, double &y) {
    const double old = x;
    x = cosine * old - sine * y;
    y = sine * old + cosine * y;
  };
  for (std::size_t i = 0; i < 3; ++i)
    turn(a[i][p], a[i][q]);
  for (std::size_t i = 0; i < 3; ++i)
    turn(a[p][i], a[q][i]);
  for (std::size_t i = 0; i < 3; ++i)
    turn(basis[i][p], basis[i][q]);
  a[p][q] = a[q][p] = 0; // what rounding left
}

} // namespace

principal_components find_principal_components(const matrix3 &covariance) {
  matrix3 a = covariance;
  matrix3 basis{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}; // its columns are the eigenvectors in the end
  constexpr int enough_sweeps = 30;                 // five suffice
  for (int sweep = 0; sweep < enough_sweeps && (a[0][1] != 0 || a[0][2] != 0 || a[1][2] != 0); ++sweep) {
    rotate(a, basis, 0, 1);
    rotate(a, basis, 0, 2);
    rotate(a, basis, 1, 2);
  }
  std::array<std::size_t, 3> order{0, 1, 2};
  std::ranges::stable_sort(order, [&](std::size_t i, std::size_t j) { return a[i][i] > a[j][j]; });
  principal_components result;
  for (std::size_t k = 0; k < 3; ++k) {
    result.variances[k] = std::max(a[order[k]][order[k]], 0.0);
    std::array<double, 3> &vector = result.vectors[k];
    for (std::size_t c = 0; c < 3; ++c)
      vector[c] = basis[c][order[k]];
    const double largest = *std::ranges::max_element(vector, {}, [](double x) { return std::abs(x); });
    if (largest < 0)
      for (double &x : vector)
        x = -x;
  }
  return result;
}

} // namespace vggen
