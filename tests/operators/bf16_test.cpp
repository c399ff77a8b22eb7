// Kernels with weights in bfloat16: that the weights are rounded as they should be, and that nothing else is
// lost.
#include "cases.hpp"
#include "check_kernel.hpp"
#include "expected_outputs.hpp"
#include "kernel_call.hpp"
#include "random_operands.hpp"
#include "test_kernels.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace vggen::test;

// The nearest number of 8 significant bits; of two the even one.
double rounded(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(fraction, 8)), exponent - 8);
}

struct rounding {
  double from, to;
};

constexpr double infinity = std::numeric_limits<double>::infinity();
const std::vector<rounding> roundings{
    {0, 0},
    {1, 1},
    {-1.5, -1.5},
    {0x1.02p0, 0x1.02p0},
    {0x1.01p0, 0x1p0},    // halfway: down to an even one
    {0x1.03p0, 0x1.04p0}, // up to an even one
    {-0x1.01p0, -0x1p0},
    {-0x1.03p0, -0x1.04p0},
    {0x1.010002p0, 0x1.02p0}, // just above, and just below
    {0x1.00fffep0, 0x1p0},
    {0x1.fffffep0, 0x1p1},
    {0x1.fep127, 0x1.fep127}, // the largest
    {0x1.fefffep127, 0x1.fep127},
    {0x1.ffp127, infinity},
    {0x1.fffffep127, infinity},
    {infinity, infinity},
    {-infinity, -infinity},
    {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()},
};

} // namespace

TEST_CASE("products and sums are those of the rounded weights") {
  if (!vggen_test_target_runs()) return;
  for (const vggen::compiled_kernel &kernel : vggen_test_kernels()) {
    const std::string text(kernel.text);
    CAPTURE(text);
    REQUIRE(kernel.schedule.starts_with("rows_bf16"));
    const operands values = random_operands(kernel.kernel);
    operands of_kernel = values;
    for (double &weight : of_kernel.weights.values)
      weight = rounded(weight);
    const kernel_verdict verdict =
        check_kernel(kernel, values, expected_outputs(kernel.kernel, of_kernel), exact_tolerance);
    std::printf("%-70s %8.1e\n", text.c_str(), verdict.error);
    INFO(verdict.problem);
    CHECK(verdict.problem.empty());
  }
}

TEST_CASE("weights are rounded to the nearest, ties to even") {
  if (!vggen_test_target_runs()) return;
  int checked = 0;
  for (const vggen::compiled_kernel &kernel : vggen_test_kernels()) {
    const vggen::signature &s = kernel.kernel;
    if (s.relu || s.outputs < static_cast<int>(roundings.size())) continue;
    const std::string text(kernel.text);
    CAPTURE(text);
    for (const int input :
         {0, 5, 21, s.channels - 1}) { // either half of a word; the output is this one's weight
      operands values = random_operands(s);
      values.input.values.assign(values.input.values.size(), 0);
      values.input.values[static_cast<std::size_t>(input)] = 1;
      values.bias.assign(values.bias.size(), 0);
      for (std::size_t k = 0; k < roundings.size(); ++k)
        values.weights.values[values.weights.index(static_cast<int>(k), input, 0, 0)] = roundings[k].from;
      kernel_call call(kernel, values);
      REQUIRE(call.pack() == 0);
      REQUIRE(call.run() == 0);
      const array output = call.output(0);
      for (std::size_t k = 0; k < roundings.size(); ++k) {
        CAPTURE(roundings[k].from);
        if (std::isnan(roundings[k].to))
          CHECK(std::isnan(output.values[k]));
        else
          CHECK(output.values[k] == roundings[k].to);
      }
    }
    ++checked;
  }
  CHECK(checked > 0);
}
