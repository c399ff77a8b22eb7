// check_kernel on kernels that are wrong on purpose: every fault must be seen.
#include "check_kernel.hpp"
#include "faulty_kernels.hpp"
#include "random_operands.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace vggen::test;

// What check_kernel finds wrong with the kernel when it has that fault.
std::string problem_of(std::string_view text, vggen::kernel_function run, fault f, bool reverse = false,
                       vggen::kernel_function pack = nullptr) {
  const auto parsed = vggen::parse_signature(text);
  REQUIRE(parsed);
  vggen::compiled_kernel kernel;
  kernel.kernel = *parsed;
  kernel.run = run;
  kernel.pack = pack;
  operands values = random_operands(*parsed);
  values.reverse = reverse;
  if (pack) kernel.packed_size = static_cast<std::int64_t>(values.weights.values.size());
  current_fault = f;
  const kernel_verdict verdict = check_kernel(kernel, values, expected_outputs(*parsed, values), 1e-5);
  current_fault = fault::none;
  return verdict.problem;
}

std::string pool_problem(fault f) {
  return problem_of("max_pool.forward n2 5x7 c3 out-halo f32", pool_kernel, f);
}

std::string conv_problem(fault f) {
  return problem_of("conv3x3.forward n2 5x7 c3 k5 bias+relu out-halo f32", conv_kernel, f, false, conv_pack);
}

std::string backward_weights_problem(fault f) {
  return problem_of("fully_connected.backward-weights n3 1x1 c33 k10 bias f32", backward_weights_kernel, f);
}

std::string sgd_problem(fault f) { return problem_of("sgd.forward n1 1x1 c1 f32", sgd_kernel, f); }

void check_seen(const std::string &problem, std::string_view part) {
  INFO(problem);
  INFO(part);
  CHECK(problem.find(part) != std::string::npos);
}

} // namespace

TEST_CASE("right kernels pass") {
  CHECK(pool_problem(fault::none).empty());
  CHECK(conv_problem(fault::none).empty());
  CHECK(conv_problem(fault::tiny_error).empty());
  CHECK(problem_of("max_pool.forward n1 13x9 c20 in-halo f32", pool_kernel, fault::none).empty());
  CHECK(problem_of("fully_connected.forward n3 1x1 c33 k10 bias f32", fully_connected_kernel, fault::none)
            .empty());
  CHECK(backward_weights_problem(fault::none).empty());
  CHECK(sgd_problem(fault::none).empty());
  for (const bool reverse : {false, true})
    CHECK(problem_of("preprocess.forward n2 5x7 c3 out-halo f32", preprocess_kernel, fault::none, reverse)
              .empty());
}

TEST_CASE("wrong values are seen") {
  check_seen(conv_problem(fault::wrong_sum), "the error is ");
  check_seen(pool_problem(fault::wrong_sum), "the error is ");
  check_seen(
      problem_of("preprocess.forward n2 5x7 c3 out-halo f32", preprocess_kernel, fault::ignore_reverse, true),
      "the error is ");
}

TEST_CASE("what is left unwritten is seen, and a halo that is not zero") {
  check_seen(pool_problem(fault::element_left_out), "it did not write [c, x, y, n] = [0, 2, 0, 0]");
  check_seen(pool_problem(fault::halo_left_out), "it did not write [c, x, y, n] = [0, 3, 2, 0]");
  check_seen(pool_problem(fault::halo_not_zero), "into the halo: [c, x, y, n] = [0, 3, 2, 0]");
}

TEST_CASE("writing where it must not is seen") {
  for (const fault f : {fault::write_before, fault::write_after, fault::write_far_after})
    check_seen(pool_problem(f), "it wrote outside of its output");
  check_seen(pool_problem(fault::change_input), "it changed its input");
  check_seen(conv_problem(fault::change_packed), "it changed its packed weights");
  check_seen(conv_problem(fault::pack_past_end), "it wrote outside of its packed weights");
}

TEST_CASE("reading where it must not is seen") {
  check_seen(pool_problem(fault::read_past_input), "the error is ");
  check_seen(conv_problem(fault::read_past_weights), "two runs differ");
  check_seen(conv_problem(fault::keep_old_output), "two runs differ");
}

TEST_CASE("the second output is looked at like the first") {
  check_seen(backward_weights_problem(fault::wrong_sum), "in its weight gradient");
  check_seen(backward_weights_problem(fault::wrong_second), "in its bias gradient");
  check_seen(backward_weights_problem(fault::second_left_out),
             "it did not write [k] = [1] of its bias gradient");
  check_seen(backward_weights_problem(fault::write_after_second), "it wrote outside of its bias gradient");
  check_seen(backward_weights_problem(fault::keep_old_second), "two runs differ in its bias gradient");
  check_seen(backward_weights_problem(fault::change_input), "it changed its output gradient");
}

TEST_CASE("what is changed in place is looked at") {
  check_seen(sgd_problem(fault::keep_momenta), "in its momenta");
  check_seen(sgd_problem(fault::write_before), "it wrote outside of its momenta");
  check_seen(sgd_problem(fault::write_after_second), "it wrote outside of its momenta");
  check_seen(sgd_problem(fault::change_input), "it changed its gradients");
}

TEST_CASE("return codes are seen") {
  check_seen(pool_problem(fault::fail), "it returned -7");
  check_seen(conv_problem(fault::fail_to_pack), "pack returned -8");
}
