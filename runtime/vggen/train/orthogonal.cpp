// Gram and Schmidt's process, modified, with each vector orthogonalised again until that changes little: as
// exact as Householder's, and with R's diagonal positive there are no signs to correct. A library's would
// depend in its last bits on the machine's vectors and caches; here the order of additions is fixed.
#include "vggen/train/orthogonal.hpp"

#include <array>
#include <cmath>

namespace vggen::detail {
namespace {

// Partial sums that compilers can keep in vectors without changing their order.
double dot(std::span<const double> a, std::span<const double> b) {
  constexpr std::size_t lanes = 8;
  std::array<double, lanes> sums{};
  const std::size_t whole = a.size() / lanes * lanes;
  for (std::size_t i = 0; i < whole; i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane)
      sums[lane] += a[i + lane] * b[i + lane];
  double sum = 0;
  for (std::size_t i = whole; i < a.size(); ++i)
    sum += a[i] * b[i];
  for (const double part : sums)
    sum += part;
  return sum;
}

double norm(std::span<const double> v) { return std::sqrt(dot(v, v)); }

} // namespace

void orthonormalise(std::span<double> vectors, std::size_t count, std::size_t length) {
  // Kahan's and Parlett's "twice is enough": what has not become much shorter has lost no digits.
  constexpr double much_shorter = 0.7;
  for (std::size_t j = 0; j < count; ++j) {
    const std::span<double> v = vectors.subspan(j * length, length);
    double before = 0, after = norm(v);
    do {
      before = after;
      for (std::size_t i = 0; i < j; ++i) {
        const std::span<const double> q = vectors.subspan(i * length, length);
        const double share = dot(q, v);
        for (std::size_t k = 0; k < length; ++k)
          v[k] -= share * q[k];
      }
      after = norm(v);
    } while (after < much_shorter * before);
    for (double &x : v)
      x /= after;
  }
}

} // namespace vggen::detail
