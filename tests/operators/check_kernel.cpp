#include "check_kernel.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace vggen::test {

namespace {

// Sums show either; a maximum may lose the NaN and shows the large number.
constexpr std::uint32_t not_a_number = 0x7fc0a5a5;
constexpr std::uint32_t large_number = std::bit_cast<std::uint32_t>(1e30f);

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return std::ranges::equal(a, b, [](float x, float y) {
    return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
  });
}

} // namespace

kernel_verdict check_kernel(const compiled_kernel &kernel, const operands &values,
                            const std::vector<expected_output> &expected, double tolerance) {
  kernel_call call(kernel, values);
  if (call.outputs() != expected.size())
    throw std::logic_error("a kernel's outputs and those expected differ");
  std::vector<std::vector<float>> first;
  for (const std::uint32_t pattern : {not_a_number, large_number}) {
    call.poison(pattern);
    if (const int code = call.pack())
      return {"pack returned " + std::to_string(code) + ": " + call.message()};
    if (const int code = call.run()) return {"it returned " + std::to_string(code) + ": " + call.message()};
    if (std::string problem = call.problem(); !problem.empty()) return {std::move(problem)};
    if (pattern == large_number) continue;
    for (std::size_t i = 0; i < expected.size(); ++i)
      first.emplace_back(call.raw_output(i).begin(), call.raw_output(i).end());
  }
  kernel_verdict verdict;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (call.name(i) != expected[i].name) throw std::logic_error("an output has two names");
    const double error = relative_error(call.output(i), expected[i].content);
    verdict.error = std::max(verdict.error, error);
    if (error <= tolerance || !verdict.problem.empty()) continue;
    std::ostringstream text;
    text << "the error is " << error << ", above " << tolerance << ", in its " << expected[i].name;
    verdict.problem = text.str();
  }
  for (std::size_t i = 0; i < expected.size() && verdict.problem.empty(); ++i)
    if (!same_bits(first[i], call.raw_output(i)))
      verdict.problem = "two runs differ in its " + std::string(expected[i].name) +
                        ": it read memory that is not its own, or adds up in no fixed order";
  return verdict;
}

} // namespace vggen::test
