// Networks whose extent is known when they run, against the same layers in double precision.
#include "model/networks.hpp"
#include "model/relative_error.hpp"
#include "model/seeded_weights.hpp"
#include "operators/reference.hpp"

#include <compiled/odd.hpp>
#include <compiled/odd_whole.hpp>

#include <cstring>
#include <limits>
#include <vector>

using namespace vggen;
using model_type = compiled::odd_whole;
using network_type = model_type::network;
using test::relative_error;
using test::seeded_parameters;

namespace {

constexpr std::uint64_t seed = 5;

std::vector<float> some_image(int height, int width) {
  std::vector<float> values(std::size_t{3} * static_cast<std::size_t>(height) *
                            static_cast<std::size_t>(width));
  fill_uniform(values, 2.f, seed, random_stream::test_input, 0);
  return values;
}

// A network's logits by its layers one after the other; the kinds that `odd` has.
std::vector<double> reference_logits(const seeded_parameters<network_type> &parameters,
                                     const std::vector<float> &nchw, int height, int width) {
  test::tensor current(1, height, width, 3);
  for_each_element(current, [&](int, int y, int x, int c) {
    current(0, y, x, c) = nchw[static_cast<std::size_t>((c * height + y) * width + x)];
  });
  for (const layer_info &layer : layer_infos<network_type>) {
    if (layer.kind == layer_kind::conv) {
      const auto of_layer = static_cast<std::size_t>(detail::parameter_index<network_type>(layer.index));
      test::filter weights(layer.output.channels, layer.input.channels, layer.filter_height,
                           layer.filter_width);
      weights.values.assign(parameters.tensors[of_layer].begin(), parameters.tensors[of_layer].end());
      const std::vector<double> bias(parameters.tensors[of_layer + 1].begin(),
                                     parameters.tensors[of_layer + 1].end());
      current = test::add_bias(layer.padding ? test::conv3x3(current, weights) : test::conv(current, weights),
                               bias);
    }
    if (layer.kind == layer_kind::relu) current = test::relu(current);
    if (layer.kind == layer_kind::max_pool) current = test::max_pool(current);
    if (layer.kind == layer_kind::local_response_norm) current = test::local_response_norm(current);
    if (layer.kind == layer_kind::adaptive_average_pool) current = test::adaptive_average_pool(current, 1, 1);
    if (layer.kind == layer_kind::flatten) current = test::flatten(current);
  }
  return current.values;
}

struct fixture {
  seeded_parameters<network_type> parameters;
  model_type::weights weights;
  model_type::context<> context;

  explicit fixture(int threads = 2) {
    REQUIRE(weights.assign(parameters.pointers) == status::ok);
    REQUIRE(context.prepare({.threads = threads}) == status::ok);
  }
  std::vector<float> logits(int height, int width) {
    const auto image = some_image(height, width);
    REQUIRE(context.set_extent(height, width) == status::ok);
    REQUIRE(context.set_input(image.data()) == status::ok);
    REQUIRE(context.forward(weights) == status::ok);
    return test::values_of(context.logits());
  }
};

} // namespace

TEST_CASE("images of any extent, one after the other") {
  fixture f;
  constexpr shape least = least_input<network_type>();
  CHECK(least == shape{3, 40, 32, false, true});
  for (const auto &[height, width] :
       {std::pair{75, 60}, {40, 32}, {45, 37}, {41, 60}, {75, 33}, {58, 49}, {75, 60}}) {
    CAPTURE(height);
    CAPTURE(width);
    const auto expected = reference_logits(f.parameters, some_image(height, width), height, width);
    const double error = relative_error(f.logits(height, width), expected);
    MESSAGE(height << "x" << width << ": " << error);
    CHECK(error < 1e-5);
  }
}

TEST_CASE("at the extent that it was made for, a dense network is the network") {
  fixture f;
  const seeded_parameters<compiled::odd::network> parameters;
  compiled::odd::weights weights;
  REQUIRE(weights.assign(parameters.pointers) == status::ok);
  compiled::odd::context<> context;
  REQUIRE(context.prepare({.threads = 2}) == status::ok);
  const auto image = some_image(45, 37);
  REQUIRE(context.set_input(image.data()) == status::ok);
  REQUIRE(context.forward(weights) == status::ok);
  CHECK(relative_error(f.logits(45, 37), test::values_of(context.logits())) < 1e-5);
}

TEST_CASE("neither threads, nor what the arena held, nor the image before change a bit") {
  std::vector<float> expected;
  for (const int threads : {1, 2, 3}) {
    fixture f(threads);
    for (const float garbage : {0.f, std::numeric_limits<float>::quiet_NaN()}) {
      std::fill_n(reinterpret_cast<float *>(f.context.arena().data()),
                  f.context.arena().size() / sizeof(float), garbage);
      const auto logits = f.logits(58, 49);
      if (expected.empty()) expected = logits;
      CHECK(std::memcmp(logits.data(), expected.data(), expected.size() * sizeof(float)) == 0);
      static_cast<void>(f.logits(75, 60));
      CHECK(f.logits(58, 49) == expected);
    }
  }
}

TEST_CASE("u8 images, and outputs of their own extent") {
  fixture f;
  REQUIRE(f.context.set_extent(43, 60) == status::ok);
  const std::vector<std::uint8_t> bytes(std::size_t{3} * 43 * 60, 128);
  const std::vector<float> constants{255, 255, 255, .5f, .5f, .5f, .25f, .25f, .25f};
  REQUIRE(f.context.set_images(bytes.data(), constants.data(), false) == status::ok);
  CHECK(f.context.output_of(0).extent == shape{3, 43, 60, false, true});
  CHECK(f.context.output_of(0).at(0, 2, 42, 59) == doctest::Approx((128.f / 255 - 0.5f) / 0.25f));
  REQUIRE(f.context.forward(f.weights) == status::ok);
  constexpr int pool = find_layer<network_type>("avgpool");
  CHECK(f.context.output_of(pool - 1).extent == shape{7, 1, 4, false, true}); // the score map
  CHECK(f.context.output().extent == shape{7, 1, 1, true});
}

TEST_CASE("an extent that the network cannot have is refused, and changes nothing") {
  fixture f;
  const auto expected = f.logits(45, 37);
  for (const auto &[height, width] : {std::pair{39, 37}, {45, 31}, {76, 37}, {45, 61}, {0, 0}, {-1, 37}})
    CHECK(f.context.set_extent(height, width) == status::invalid_argument);
  const auto image = some_image(45, 37);
  REQUIRE(f.context.set_input(image.data()) == status::ok);
  REQUIRE(f.context.forward(f.weights) == status::ok);
  CHECK(test::values_of(f.context.logits()) == expected);
}
