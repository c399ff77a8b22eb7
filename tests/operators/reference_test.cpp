// The reference itself, on examples small enough to be worked out by hand.
#include "cases.hpp"
#include "expected_outputs.hpp"
#include "random_operands.hpp"
#include "reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace vggen::test;
using values = std::vector<double>;

tensor make_tensor(int batch, int height, int width, int channels, const values &content) {
  tensor result(batch, height, width, channels);
  REQUIRE(result.values.size() == content.size());
  result.values = content;
  return result;
}

filter make_filter(int outputs, int inputs, int height, int width, const values &content) {
  filter result(outputs, inputs, height, width);
  REQUIRE(result.values.size() == content.size());
  result.values = content;
  return result;
}

void check_extents(const tensor &t, int batch, int height, int width, int channels) {
  CHECK(t.batch == batch);
  CHECK(t.height == height);
  CHECK(t.width == width);
  CHECK(t.channels == channels);
}

void check_values(const tensor &found, const values &expected) {
  REQUIRE(found.values.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(found.values[i] == doctest::Approx(expected[i]).epsilon(1e-12));
  }
}

vggen::signature signature_of(const char *text) {
  const auto parsed = vggen::parse_signature(text);
  REQUIRE(parsed);
  return *parsed;
}

} // namespace

TEST_CASE("conv3x3 sees zeros around the image") {
  const tensor image = make_tensor(1, 2, 3, 1, {1, 2, 3, 4, 5, 6});
  // all ones: sums of the 2x2 and 2x3 neighbourhoods
  const tensor sums = conv3x3(image, make_filter(1, 1, 3, 3, values(9, 1)));
  check_extents(sums, 1, 2, 3, 1);
  check_values(sums, {12, 21, 16, 12, 21, 16});
  // a single weight at row 0, column 2 takes the pixel above and to the right
  const tensor moved = conv3x3(image, make_filter(1, 1, 3, 3, {0, 0, 1, 0, 0, 0, 0, 0, 0}));
  check_values(moved, {0, 0, 0, 2, 3, 0});
}

TEST_CASE("conv3x3 of one pixel uses the middle of the window") {
  values weights(18);
  weights[4] = 2;      // of input 0
  weights[9 + 4] = -3; // of input 1
  check_values(conv3x3(make_tensor(1, 1, 1, 2, {5, 7}), make_filter(1, 2, 3, 3, weights)), {-11});
}

TEST_CASE("conv1x1 mixes channels and nothing else") {
  const tensor image = make_tensor(2, 1, 2, 2, {1, 2, 3, 4, 5, 6, 7, 8});
  const tensor mixed = conv1x1(image, make_filter(3, 2, 1, 1, {1, 0, 0, 1, 1, -1}));
  check_extents(mixed, 2, 1, 2, 3);
  check_values(mixed, {1, 2, -1, 3, 4, -1, 5, 6, -1, 7, 8, -1});
}

TEST_CASE("a valid convolution shrinks the image by its filter") {
  const tensor image = make_tensor(1, 3, 3, 1, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const tensor sums = conv(image, make_filter(1, 1, 2, 3, {1, 0, 0, 0, 0, 10}));
  check_extents(sums, 1, 2, 1, 1);
  check_values(sums, {1 + 60, 4 + 90});
  const tensor whole =
      conv(image, make_filter(2, 1, 3, 3, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1}));
  check_extents(whole, 1, 1, 1, 2);
  check_values(whole, {45, 10});
}

TEST_CASE("fully connected rows are outputs") {
  const tensor input = make_tensor(2, 1, 1, 3, {1, 2, 3, 4, 5, 6});
  check_values(fully_connected(input, make_filter(2, 3, 1, 1, {1, 1, 1, 1, 0, -1})), {6, -2, 15, -2});
}

TEST_CASE("a fully connected layer of flattened features is a convolution over the whole extent") {
  const vggen::signature s = signature_of("conv.forward n2 3x4 c5 k6 f3x4 f32");
  const operands of_conv = random_operands(s);
  filter rows = of_conv.weights;
  rows.inputs = 3 * 4 * 5;
  rows.height = rows.width = 1;
  check_values(fully_connected(flatten(of_conv.input), rows), expected_output_of(s, of_conv).values);
}

TEST_CASE("flatten counts channel, row, column") {
  const tensor image = make_tensor(2, 2, 1, 3, {1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16});
  const tensor features = flatten(image);
  check_extents(features, 2, 1, 1, 6);
  check_values(features, {1, 4, 2, 5, 3, 6, 11, 14, 12, 15, 13, 16});
}

TEST_CASE("max_pool leaves out the end of odd extents") {
  const tensor image = make_tensor(1, 3, 5, 1, {1, 2, -3, -4, 90, 5, 0, -2, -7, 91, 92, 93, 94, 95, 96});
  const tensor pooled = max_pool(image);
  check_extents(pooled, 1, 1, 2, 1);
  check_values(pooled, {5, -2});
}

TEST_CASE("local_response_norm sums five channels, fewer at the ends") {
  // squares are 1e6 each: with m channels in the window the divisor is (2 + 20 m) ^ 0.75
  const tensor normed = local_response_norm(make_tensor(1, 1, 1, 6, {1000, -1000, 1000, 1000, 1000, 1000}));
  const auto divided = [](double m) { return 1000 / std::pow(2 + 20 * m, 0.75); };
  check_values(normed, {divided(3), -divided(4), divided(5), divided(5), divided(4), divided(3)});
  check_values(local_response_norm(make_tensor(1, 1, 1, 1, {0})), {0});
}

TEST_CASE("softmax is over channels, at each pixel, for any size of input") {
  const double log3 = std::log(3);
  const tensor shares = softmax(make_tensor(1, 1, 2, 2, {0, log3, 1000 + log3, 1000}));
  check_values(shares, {0.25, 0.75, 0.75, 0.25});
}

TEST_CASE("preprocess works by channel of the output") {
  const tensor image = make_tensor(1, 1, 2, 3, {10, 20, 30, 40, 50, 60});
  const std::vector<channel_constants> constants = {{10, 0, 1}, {1, 5, 1}, {1, 0, 2}};
  check_values(preprocess(image, constants, false), {1, 15, 15, 4, 45, 30});
  check_values(preprocess(image, constants, true), {3, 15, 5, 6, 45, 20});
}

TEST_CASE("the epilogue is bias, relu, max-pool") {
  operands values;
  values.input = make_tensor(1, 2, 2, 1, {1, 2, 3, -4});
  values.weights = make_filter(2, 1, 1, 1, {1, -1});
  values.bias = {-5, 1};
  check_values(expected_output_of(signature_of("conv1x1.forward n1 2x2 c1 k2 f32"), values),
               {1, -1, 2, -2, 3, -3, -4, 4});
  check_values(expected_output_of(signature_of("conv1x1.forward n1 2x2 c1 k2 bias f32"), values),
               {-4, 0, -3, -1, -2, -2, -9, 5});
  check_values(expected_output_of(signature_of("conv1x1.forward n1 2x2 c1 k2 bias+relu f32"), values),
               {0, 0, 0, 0, 0, 0, 0, 5});
  check_values(expected_output_of(signature_of("conv1x1.forward n1 2x2 c1 k2 max-pool f32"), values), {3, 4});
  check_values(expected_output_of(signature_of("conv1x1.forward n1 2x2 c1 k2 bias+max-pool f32"), values),
               {-2, 5});
  check_values(
      expected_output_of(signature_of("conv1x1.forward n1 2x2 c1 k2 bias+relu+max-pool f32"), values),
      {0, 5});
}

TEST_CASE("the relative error is of the largest") {
  const tensor expected = make_tensor(1, 1, 1, 3, {0, -4, 2});
  CHECK(relative_error(expected, expected) == 0);
  CHECK(relative_error(make_tensor(1, 1, 1, 3, {1, -4, 2}), expected) == 0.25);
  CHECK(relative_error(make_tensor(1, 1, 1, 3, {0, -4, 0}), expected) == 0.5);
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {std::nan(""), infinity, -infinity})
    CHECK(relative_error(make_tensor(1, 1, 1, 3, {0, -4, bad}), expected) == infinity);
  CHECK(relative_error(make_tensor(1, 1, 3, 1, {0, -4, 2}), expected) == infinity);
  CHECK(relative_error(make_tensor(1, 1, 1, 1, {1e-30}), make_tensor(1, 1, 1, 1, {0})) == infinity);
}

TEST_CASE("random operands are the same each time, floats, and others for each signature") {
  const vggen::signature s = signature_of("conv3x3.forward n2 5x7 c3 k4 bias+relu f32");
  const operands once = random_operands(s), again = random_operands(s);
  CHECK(once.input.values == again.input.values);
  CHECK(once.weights.values == again.weights.values);
  CHECK(once.bias == again.bias);
  const operands other = random_operands(signature_of("conv3x3.forward n2 5x7 c3 k4 bias f32"));
  CHECK(once.input.values != other.input.values);
  const double bound = 1 / std::sqrt(27.0);
  const auto [low, high] = std::ranges::minmax(once.weights.values);
  CHECK((low < -0.9 * bound && low > -1.001 * bound));
  CHECK((high > 0.9 * bound && high < 1.001 * bound));
  for (const double value : once.weights.values)
    CHECK(static_cast<float>(value) == value);
  CHECK(std::set<double>(once.input.values.begin(), once.input.values.end()).size() > 200); // of 210
}

TEST_CASE("no small case expects nothing but zeros, which a broken kernel might give as well") {
  for (const operator_case &row : quick_cases) {
    const vggen::signature s = signature_of(std::string(row.text).c_str());
    if (s.multiply_adds() > 1'000'000 || s.input_size() > 100'000) continue;
    CAPTURE(std::string(row.text));
    for (const expected_output &output : expected_outputs(s, random_operands(s))) {
      CAPTURE(std::string(output.name));
      CHECK(std::ranges::any_of(output.content.values, [](double value) { return value != 0; }));
      if (s.dir == vggen::direction::forward && output.name == "output")
        CHECK(output.content.extents ==
              std::vector<int>{s.output_channels(), s.output_width(), s.output_height(), s.batch});
      if (output.name == "input gradient")
        CHECK(output.content.extents == std::vector<int>{s.channels, s.width, s.height, s.batch});
    }
  }
}

TEST_CASE("the zoo's cases are signatures, and those of VGG16 are among them") {
  CHECK(all_distinct_signatures(zoo_cases()));
  const auto has = [](std::string_view text) {
    return std::ranges::any_of(zoo_cases(), [&](const operator_case &row) { return row.text == text; });
  };
  CHECK(has("preprocess.forward n1 224x224 c3 out-halo f32"));
  CHECK(has("conv3x3.forward n1 224x224 c3 k64 bias+relu out-halo f32"));
  CHECK(has("conv3x3.forward n1 14x14 c512 k512 bias+relu+max-pool f32"));
  CHECK(has("conv3x3.forward n1 14x14 c512 k512 bias+relu f32"));
  CHECK(has("max_pool.forward n1 14x14 c512 f32"));
  CHECK(has("fully_connected.forward n1 1x1 c25088 k4096 bias+relu f32"));
  // and those of a training step of fashion_vgg
  CHECK(has("conv3x3.forward n64 28x28 c1 k16 bias+relu out-halo f32"));
  CHECK(has("conv3x3.backward-data n64 28x28 c16 k16 relu out-halo f32"));
  CHECK(has("conv3x3.backward-weights n64 28x28 c1 k16 bias f32"));
  CHECK(has("fully_connected.backward-weights n64 1x1 c576 k256 bias f32"));
  CHECK(has("cross_entropy.forward n64 1x1 c10 f32"));
}
