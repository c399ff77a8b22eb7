// The directions in which colours vary most.
#pragma once

#include <array>

namespace vggen {

using matrix3 = std::array<std::array<double, 3>, 3>; // [row][column]

/// Represents the principal components of three-dimensional values: along vectors[k], of length 1, their
/// variance is variances[k]. Variances descend and are not negative; the vectors are at right angles to each
/// other, and the component of each that is largest in magnitude is positive.
struct principal_components {
  std::array<double, 3> variances{};
  matrix3 vectors{}; // [k][c]
};

/// Returns the eigenvalues and eigenvectors of a covariance matrix, by Jacobi's rotations. Requires that it
/// is symmetric and finite; eigenvalues below 0, which rounding makes of 0, become 0.
[[nodiscard]] principal_components find_principal_components(const matrix3 &covariance);

} // namespace vggen
