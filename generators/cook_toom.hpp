// The transforms of Winograd's minimal filtering F(m, r), made by the Cook-Toom construction from points at
// which the polynomials are evaluated (Winograd 1980; Lavin and Gray 2015; Blahut, Fast Algorithms for Signal
// Processing, chapter 5): with n = m + r - 1 and inputs d [n], filter g [r]
//
//     outputs [m] = output * ((filter * g) . (input * d))
//
// where . multiplies element by element. All numbers are exact: the construction is done in rationals.
#pragma once

#include <boost/rational.hpp>

#include <cstdint>
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

/// The transforms from `points`, m + r - 2 different ones; infinity is one more. Throws std::invalid_argument
/// if their number is another one or two are equal.
minimal_filtering cook_toom(int outputs, int taps, const std::vector<rational> &points);

/// F(m, 3) with the points of the smallest error that we know (see the source), for m from 2 to 6.
const minimal_filtering &winograd_transforms(int outputs);

} // namespace vggen
