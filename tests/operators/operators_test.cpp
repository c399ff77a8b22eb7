// Every compiled kernel of a library against the reference.
#include "cases.hpp"
#include "check_kernel.hpp"
#include "expected_outputs.hpp"
#include "kernel_call.hpp"
#include "random_operands.hpp"
#include "test_kernels.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace vggen::test;

// The project's budget: the table's tolerance, or that of exact schedules for a kernel that is not in it;
// Winograd's is larger, and that of weights in bfloat16, which have 8 bits, is the distance of two of them.
double budget_of(const vggen::compiled_kernel &kernel) {
  if (kernel.schedule.starts_with("rows_bf16")) return 0x1p-8;
  if (kernel.schedule.starts_with("winograd"))
    return kernel.kernel.dir == vggen::direction::forward ? 5e-5 : 1e-4;
  const std::string_view text = kernel.text;
  for (const std::span<const operator_case> table :
       {std::span<const operator_case>(quick_cases), zoo_cases()})
    for (const operator_case &row : table)
      if (row.text == text) return row.tolerance;
  return exact_tolerance;
}

// What its schedule says of itself, within the budget.
double tolerance_of(const vggen::compiled_kernel &kernel) {
  CHECK(kernel.error > 0);
  CHECK(kernel.error <= budget_of(kernel));
  return kernel.error;
}

// On the device that the kernels are for, if they are for one.
void run_on_device() {
  if (const halide_device_interface_t *const device = vggen_test_device()) {
    static device_pool pool(*device);
    run_kernels_on(&pool);
  }
}

void check_and_report(const vggen::compiled_kernel &kernel, const operands &values,
                      const std::vector<expected_output> &expected) {
  const kernel_verdict verdict = check_kernel(kernel, values, expected, tolerance_of(kernel));
  const std::string text = std::string(kernel.text) + (values.note.empty() ? "" : " (" + values.note + ")");
  const std::string schedule(kernel.schedule);
  std::printf("%-70s %-40s %8.1e\n", text.c_str(), schedule.c_str(), verdict.error);
  std::fflush(stdout); // what is lost in a crash is the line of the kernel that crashed
  INFO(text);
  INFO(schedule);
  INFO(verdict.problem);
  CHECK(verdict.problem.empty());
}

} // namespace

TEST_CASE("every kernel computes what the reference computes") {
  const std::span<const vggen::compiled_kernel> kernels = vggen_test_kernels();
  REQUIRE(!kernels.empty());
  run_on_device();
  if (!vggen_test_target_runs()) {
    MESSAGE("not run: this machine has no " << std::string(vggen_test_target()));
    return;
  }
  std::map<std::string_view, std::vector<const vggen::compiled_kernel *>>
      by_text; // one reference for all schedules
  for (const vggen::compiled_kernel &kernel : kernels)
    by_text[kernel.text].push_back(&kernel);

  std::size_t checked = 0;
  for (const auto &[text, schedules] : by_text) {
    CAPTURE(std::string(text));
    const auto signature = vggen::parse_signature(text);
    REQUIRE(signature);
    for (int set = 0; set < operand_sets(*signature); ++set) {
      const vggen::signature of_set = at_hand(*signature, set);
      const operands values = random_operands(of_set, set);
      const std::vector<expected_output> expected = expected_outputs(of_set, values);
      for (const vggen::compiled_kernel *kernel : schedules) {
        CHECK(kernel->kernel == *signature);
        vggen::compiled_kernel at_extent = *kernel;
        at_extent.kernel = of_set;
        check_and_report(at_extent, values, expected);
        if (set == 0) ++checked;
      }
    }
  }
  CHECK(checked == kernels.size());
}

TEST_CASE("a relu shows that what it got is no number") {
  run_on_device();
  if (!vggen_test_target_runs()) return;
  int checked = 0;
  for (const vggen::compiled_kernel &kernel : vggen_test_kernels()) {
    const vggen::signature &s = kernel.kernel;
    if (!s.has_weights() || s.dir != vggen::direction::forward || !s.relu) continue;
    INFO(std::string(kernel.text));
    operands values = random_operands(s);
    std::ranges::fill(values.input.values, std::numeric_limits<double>::quiet_NaN());
    kernel_call call(kernel, values);
    REQUIRE(call.pack() == 0);
    REQUIRE(call.run() == 0);
    CHECK(std::ranges::all_of(call.output(0).values, [](double v) { return std::isnan(v); }));
    ++checked;
  }
  CHECK(checked > 0);
}
