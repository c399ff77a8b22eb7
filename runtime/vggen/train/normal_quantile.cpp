// Wichura's algorithm AS 241 (PPND16; Applied Statistics 37, 1988), its two nearer ranges, with a logarithm
// of its own: those of mathematics libraries differ in their last bits from processor to processor.
#include "vggen/train/normal_quantile.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace vggen::detail {
namespace {

// Coefficients by ascending power.
using polynomial = std::array<double, 8>;

constexpr polynomial middle_above = {
    3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
    4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3};
constexpr polynomial middle_below = {1.0,
                                     4.2313330701600911252e1,
                                     6.8718700749205790830e2,
                                     5.3941960214247511077e3,
                                     2.1213794301586595867e4,
                                     3.9307895800092710610e4,
                                     2.8729085735721942674e4,
                                     5.2264952788528545610e3};
constexpr polynomial tail_above = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                   5.76949722146069140550e0,  3.64784832476320460504e0,
                                   1.27045825245236838258e0,  2.41780725177450611770e-1,
                                   2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr polynomial tail_below = {1.0,
                                   2.05319162663775882187e0,
                                   1.67638483018380384940e0,
                                   6.89767334985100004550e-1,
                                   1.48103976427480074590e-1,
                                   1.51986665636164571966e-2,
                                   5.47593808499534494600e-4,
                                   1.05075007164441684324e-9};

double value(const polynomial &p, double x) {
  double sum = 0;
  for (std::size_t i = p.size(); i > 0; --i)
    sum = sum * x + p[i - 1];
  return sum;
}

// x > 0, normal: x = m * 2^e with m within a factor of sqrt(2) of 1, and log(m) = 2 artanh((m - 1) / (m +
// 1)).
double logarithm(double x) {
  constexpr int terms = 11; // the next is below 1e-18
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 1 / std::numbers::sqrt2) {
    m *= 2;
    --exponent;
  }
  const double s = (m - 1) / (m + 1);
  double sum = 0;
  for (int k = terms - 1; k >= 0; --k)
    sum = sum * (s * s) + 1.0 / (2 * k + 1);
  return 2 * s * sum + exponent * std::numbers::ln2;
}

} // namespace

double normal_quantile(double p) {
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * value(middle_above, r) / value(middle_below, r);
  }
  const double r = std::sqrt(-logarithm(std::min(p, 1 - p))) - 1.6;
  return std::copysign(value(tail_above, r) / value(tail_below, r), q);
}

} // namespace vggen::detail
