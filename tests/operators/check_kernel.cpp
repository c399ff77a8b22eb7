#include "check_kernel.hpp"

#include <algorithm>
#include <bit>
#include <sstream>
#include <vector>

namespace vggen::test {

namespace {

// Sums show either; a maximum may lose the NaN and shows the large number.
constexpr std::uint32_t not_a_number = 0x7fc0a5a5;
constexpr std::uint32_t large_number = std::bit_cast<std::uint32_t>(1e30f);

} // namespace

kernel_verdict check_kernel(const compiled_kernel &kernel, const operands &values, const tensor &expected,
                            double tolerance) {
  kernel_call call(kernel, values);
  std::vector<float> first;
  for (const std::uint32_t pattern : {not_a_number, large_number}) {
    call.poison(pattern);
    if (const int code = call.pack()) return {"pack returned " + std::to_string(code)};
    if (const int code = call.run()) return {"it returned " + std::to_string(code)};
    if (std::string problem = call.problem(); !problem.empty()) return {std::move(problem)};
    if (first.empty()) first.assign(call.raw_output().begin(), call.raw_output().end());
  }
  const double error = relative_error(call.output(), expected);
  if (!(error <= tolerance)) {
    std::ostringstream text;
    text << "the error is " << error << ", above " << tolerance;
    return {text.str(), error};
  }
  const auto same_bits = [](float a, float b) {
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
  };
  if (!std::ranges::equal(first, call.raw_output(), same_bits))
    return {"two runs differ: it read memory that is not its own, or adds up in no fixed order", error};
  return {"", error};
}

} // namespace vggen::test
