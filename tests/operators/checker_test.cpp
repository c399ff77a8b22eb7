// check_kernel on kernels that are wrong on purpose: every fault must be seen. The kernels are plain C++.
#include "check_kernel.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace {

using namespace vggen::test;

enum class fault {
  none,
  wrong_sum,         // one element is off by more than the tolerance
  tiny_error,        // one element is off by less
  element_left_out,  // one element is not written
  halo_left_out,     // one element of the halo is not written
  halo_not_zero,     // one element of the halo is a tiny number
  write_before,      // one float before the output
  write_after,       // one float after the output
  write_far_after,   // a row further
  read_past_input,   // a pixel outside of the input takes part in a maximum
  read_past_weights, // an element past the packed weights takes part in a sum
  keep_old_output,   // the output depends on what was in its memory
  change_input,
  change_packed,
  pack_past_end, // one float after the packed weights
  fail,          // a return code
  fail_to_pack,
  ignore_reverse,
};
fault current = fault::none;
bool is(fault f) { return current == f; }

// An activation as a kernel sees it.
struct image {
  halide_buffer_t *buffer;
  explicit image(void *argument) : buffer(static_cast<halide_buffer_t *>(argument)) {}
  [[nodiscard]] int extent(int d) const { return buffer->dim[d].extent; }
  [[nodiscard]] int min(int d) const { return buffer->dim[d].min; }
  [[nodiscard]] float *data() const { return reinterpret_cast<float *>(buffer->host); }
  [[nodiscard]] std::ptrdiff_t size() const {
    return std::ptrdiff_t{1} * extent(0) * extent(1) * extent(2) * extent(3);
  }
  [[nodiscard]] float &at(int c, int x, int y, int n) const {
    std::ptrdiff_t offset = 0;
    const int position[] = {c, x, y, n};
    for (int d = 0; d < 4; ++d)
      offset += std::ptrdiff_t{1} * buffer->dim[d].stride * (position[d] - min(d));
    return data()[offset];
  }
};

// The output's elements as `value` says, its halo zero; and the faults that any kernel may have.
template <class Value> int write_output(image out, Value value) {
  if (is(fault::fail)) return -7;
  const float before = out.at(0, 0, 0, 0);
  const int width = out.extent(1) + 2 * out.min(1), height = out.extent(2) + 2 * out.min(2);
  for (int n = 0; n < out.extent(3); ++n)
    for (int y = out.min(2); y < out.min(2) + out.extent(2); ++y)
      for (int x = out.min(1); x < out.min(1) + out.extent(1); ++x)
        for (int c = 0; c < out.extent(0); ++c) {
          const bool inside = x >= 0 && x < width && y >= 0 && y < height;
          const bool last_of_halo = !inside && x == width && y == height && c == 0;
          if (is(fault::halo_left_out) && last_of_halo) continue;
          if (is(fault::element_left_out) && inside && x == width - 1 && y == 0 && c == 0) continue;
          out.at(c, x, y, n) = inside                                     ? value(c, x, y, n)
                               : is(fault::halo_not_zero) && last_of_halo ? 1e-30f
                                                                          : 0.f;
        }
  float &chosen = out.at(out.extent(0) - 1, width - 1, height - 1, out.extent(3) - 1);
  if (is(fault::wrong_sum)) chosen += 1e-3f;
  if (is(fault::tiny_error)) chosen += 1e-6f;
  if (is(fault::keep_old_output) && before > 1e29f) chosen += 1e-6f;
  if (is(fault::write_before)) out.data()[-1] = 0;
  if (is(fault::write_after)) out.data()[out.size()] = 0;
  if (is(fault::write_far_after)) out.data()[out.size() + out.buffer->dim[2].stride] = 0;
  return 0;
}

// max_pool: input, output
int pool_kernel(void **arguments) {
  CHECK(*static_cast<void **>(arguments[0]) != nullptr);
  const image in(arguments[1]), out(arguments[2]);
  const int code = write_output(out, [&](int c, int x, int y, int n) {
    float largest = std::max({in.at(c, 2 * x, 2 * y, n), in.at(c, 2 * x + 1, 2 * y, n),
                              in.at(c, 2 * x, 2 * y + 1, n), in.at(c, 2 * x + 1, 2 * y + 1, n)});
    if (is(fault::read_past_input) && x + y + c + n == 0) largest = std::max(largest, in.data()[in.size()]);
    return largest;
  });
  if (is(fault::change_input)) in.at(0, 0, 0, 0) += 1;
  return code;
}

// Weights [x, y, inputs, outputs], packed as they are
int conv_pack(void **arguments) {
  const image weights(arguments[1]), packed(arguments[2]);
  if (is(fault::fail_to_pack)) return -8;
  std::copy_n(weights.data(), weights.size(), packed.data());
  if (is(fault::pack_past_end)) packed.data()[weights.size()] = 0;
  return 0;
}

// conv3x3 + bias + relu: input, packed weights, bias, output
int conv_kernel(void **arguments) {
  const image in(arguments[1]), weights(arguments[2]), bias(arguments[3]), out(arguments[4]);
  const int code = write_output(out, [&](int k, int x, int y, int n) {
    float sum = bias.data()[k];
    for (int c = 0; c < in.extent(0); ++c)
      for (int ky = 0; ky < 3; ++ky)
        for (int kx = 0; kx < 3; ++kx)
          sum += in.at(c, x + kx - 1, y + ky - 1, n) *
                 weights.data()[((k * in.extent(0) + c) * 3 + ky) * 3 + kx];
    if (is(fault::read_past_weights) && x + y == 0) sum += 1e-37f * weights.data()[weights.extent(0)];
    return std::max(0.f, sum); // keeps no NaN: as the instruction does
  });
  if (is(fault::change_packed)) weights.data()[0] += 1;
  return code;
}

// fully_connected: input, weights [inputs, outputs], bias, output
int fully_connected_kernel(void **arguments) {
  const image in(arguments[1]), weights(arguments[2]), bias(arguments[3]), out(arguments[4]);
  return write_output(out, [&](int k, int, int, int n) {
    float sum = bias.data()[k];
    for (int i = 0; i < in.extent(0); ++i)
      sum += in.at(i, 0, 0, n) * weights.data()[k * weights.buffer->dim[1].stride + i];
    return sum;
  });
}

// preprocess: image (u8), constants, reverse, output
int preprocess_kernel(void **arguments) {
  const image in(arguments[1]), constants(arguments[2]), out(arguments[4]);
  const bool reverse = *static_cast<bool *>(arguments[3]) && !is(fault::ignore_reverse);
  const int channels = in.extent(0);
  return write_output(out, [&](int c, int x, int y, int n) {
    const std::ptrdiff_t pixel = (std::ptrdiff_t{1} * n * in.extent(2) + y) * in.extent(1) + x;
    const float value = in.buffer->host[pixel * channels + (reverse ? channels - 1 - c : c)];
    const float *constant = constants.data() + c;
    return (value / constant[0] - constant[channels]) / constant[2 * channels];
  });
}

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
  current = f;
  const kernel_verdict verdict = check_kernel(kernel, values, reference(*parsed, values), 1e-5);
  current = fault::none;
  return verdict.problem;
}

std::string pool_problem(fault f) {
  return problem_of("max_pool.forward n2 5x7 c3 out-halo f32", pool_kernel, f);
}

std::string conv_problem(fault f) {
  return problem_of("conv3x3.forward n2 5x7 c3 k5 bias+relu out-halo f32", conv_kernel, f, false, conv_pack);
}

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

TEST_CASE("return codes are seen") {
  check_seen(pool_problem(fault::fail), "it returned -7");
  check_seen(conv_problem(fault::fail_to_pack), "pack returned -8");
}
