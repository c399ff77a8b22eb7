// The tuner's check of a kernel's results: right ones pass, wrong ones do not, wherever they are.
#include "expected_outputs.hpp"
#include "operands.hpp"
#include "tools/vggen-tune/timer/sampled_reference.hpp"

#include <vggen/net/signature.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

namespace {

using namespace vggen;

const std::array<std::string_view, 9> kernels{
    "conv3x3.forward n2 5x7 c5 k10 bias+relu f32",
    "conv3x3.forward n3 5x7 c20 k17 bias+relu+max-pool out-halo f32",
    "conv1x1.forward n2 4x4 c8 k3 bias f32",
    "max_pool.forward n2 5x7 c3 out-halo f32",
    "fully_connected.forward n3 1x1 c33 k100 bias+relu f32",
    "conv3x3.backward-data n2 5x7 c10 k5 relu out-halo f32",
    "conv3x3.backward-weights n3 6x4 c7 k9 bias f32",
    "fully_connected.backward-data n4 1x1 c100 k33 relu f32",
    "fully_connected.backward-weights n4 1x1 c100 k33 bias f32",
};

// The timer's numbers for the tests' reference.
void copy_image(const float *from, test::tensor &to, int halo) {
  for (int n = 0; n < to.batch; ++n)
    for (int y = -halo; y < to.height + halo; ++y)
      for (int x = -halo; x < to.width + halo; ++x)
        for (int c = 0; c < to.channels; ++c, ++from)
          if (x >= 0 && y >= 0 && x < to.width && y < to.height) to(n, y, x, c) = *from;
}

test::operands operands_of(const signature &s, const kernel_tensors &tensors) {
  test::operands values;
  values.input = test::tensor(s.batch, s.height, s.width, s.channels);
  copy_image(tensors.input.data(), values.input, s.input_halo);
  if (s.has_weights()) {
    values.weights = test::filter(s.outputs, s.channels, s.window_height(), s.window_width());
    values.weights.values.assign(tensors.weights.values().begin(), tensors.weights.values().end());
    values.bias.assign(tensors.bias.values().begin(), tensors.bias.values().end());
  }
  if (s.dir != direction::forward) {
    values.output_gradient = test::tensor(s.batch, s.output_height(), s.output_width(), s.output_channels());
    copy_image(tensors.output_gradient.data(), values.output_gradient, s.gradient_halo());
  }
  return values;
}

// What the reference computes, as a kernel would leave it.
void write_expected(const signature &s, kernel_tensors &tensors) {
  const auto expected = test::expected_outputs(s, operands_of(s, tensors)).front().content;
  for (float &value : tensors.output.values())
    value = 0;
  if (s.dir == direction::backward_weights) {
    for (std::size_t i = 0; i < expected.values.size(); ++i)
      tensors.output.data()[i] = static_cast<float>(expected.values[i]);
    return;
  }
  const bool forward = s.dir == direction::forward;
  const int channels = forward ? s.output_channels() : s.channels, halo = s.output_halo ? 1 : 0;
  const int height = forward ? s.output_height() : s.height, width = forward ? s.output_width() : s.width;
  std::size_t i = 0;
  for (int n = 0; n < s.batch; ++n)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        for (int c = 0; c < channels; ++c)
          tensors.output
              .data()[c + std::int64_t{channels} * (x + halo +
                                                    std::int64_t{width + 2 * halo} *
                                                        (y + halo + std::int64_t{height + 2 * halo} * n))] =
              static_cast<float>(expected.values[i++]);
}

} // namespace

TEST_CASE("the check agrees with the reference, and sees each wrong element") {
  for (const std::string_view text : kernels) {
    INFO(std::string(text));
    const signature s = *parse_signature(text);
    REQUIRE(kernel_tensors::is_supported(s));
    const compiled_kernel kernel{.kernel = s};
    kernel_tensors tensors(kernel);
    write_expected(s, tensors);
    const result_check good = check_results(s, tensors);
    CHECK(good.error < 1e-6);
    CHECK(good.finite);
    CHECK(good.zero_halo);
    CHECK(good.norm > 0);

    int seen = 0, all = 0;
    for (float &value : tensors.output.values()) {
      const float right = value;
      value += 0.25f * static_cast<float>(good.norm);
      const result_check bad = check_results(s, tensors);
      seen += bad.error > 1e-3 || !bad.zero_halo;
      CHECK(std::abs(bad.projection - good.projection) > 0.2 * good.norm);
      value = right;
      if (++all == 300) break; // each takes a whole check
    }
    CHECK(seen == all);

    tensors.output.data()[tensors.output.size() / 2] = std::numeric_limits<float>::quiet_NaN();
    CHECK_FALSE(check_results(s, tensors).finite);
  }
}

TEST_CASE("what takes more than tensors is not timed") {
  for (const std::string_view text : {"softmax.forward n1 1x1 c10 f32", "dropout.forward n1 1x1 c3 f32",
                                      "sgd.forward n1 1x1 c1 f32", "max_pool.backward-data n1 2x3 c1 f32"})
    CHECK_FALSE(kernel_tensors::is_supported(*parse_signature(text)));
}
