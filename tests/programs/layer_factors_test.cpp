// Rates and decay of single layers, by their names.
#include "tools/trainer/layer_factors.hpp"
#include "train/pretended_network.hpp"

#include <vggen/io/error.hpp>
#include <vggen/net/zoo.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace vggen;

namespace {

using factors = std::vector<float>;

// conv1_1, conv2_1, fc2: weights and bias of each
constexpr auto small = sequential(input<1, 4, 4>, conv3x3<2>, relu, max_pool<2>, conv3x3<3>, relu, flatten,
                                  fully_connected<10>, softmax);

factors copy(std::span<const float> values) { return {values.begin(), values.end()}; }

} // namespace

TEST_CASE("rates are a layer's, decay is its weights'") {
  test::pretended_network network(small);
  set_factors(network, {});
  CHECK(copy(network.rate_factors()) == factors{1, 1, 1, 1, 1, 1});
  CHECK(copy(network.decay_factors()) == factors{1, 0, 1, 0, 1, 0});
  set_factors(network, {.rates = {{"conv1_1", 0}, {"fc2", 2}, {"fc2", 3}}, .no_decay = {"conv2_1"}});
  CHECK(copy(network.rate_factors()) == factors{0, 0, 1, 1, 3, 3});
  CHECK(copy(network.decay_factors()) == factors{1, 0, 0, 0, 1, 0});
  set_factors(network, {.rates = {}, .no_decay = {"fc2"}, .decay_biases = true});
  CHECK(copy(network.rate_factors()) == factors{1, 1, 1, 1, 1, 1}); // nothing is left of before
  CHECK(copy(network.decay_factors()) == factors{1, 1, 1, 1, 0, 0});
}

TEST_CASE("an unknown layer lists those there are") {
  test::pretended_network network(small);
  CHECK_THROWS_WITH_AS(set_factors(network, {.rates = {{"pool1", 1}}, .no_decay = {}}),
                       "--rate: found the layer 'pool1', expected one of conv1_1, conv2_1, fc2", error);
  CHECK_THROWS_WITH_AS(set_factors(network, {.rates = {}, .no_decay = {"features.0"}}),
                       "--no-decay: found the layer 'features.0', expected one of conv1_1, conv2_1, fc2",
                       error);
}

TEST_CASE("a layer that is not trained has no rate") {
  test::pretended_network network(small, 2);
  CHECK_THROWS_WITH_AS(set_factors(network, {.rates = {{"conv1_1", 0.5}}, .no_decay = {}}),
                       "--rate: found the layer 'conv1_1', which this network was compiled not to train, "
                       "expected one of conv2_1, fc2",
                       error);
  set_factors(network, {.rates = {{"conv2_1", 0.5}}, .no_decay = {}});
  CHECK(copy(network.rate_factors()) == factors{1, 1, 0.5, 0.5, 1, 1});
}

TEST_CASE("layers before one stay as they are, but those that have a rate of their own") {
  test::pretended_network network(small);
  set_factors(network, {.freeze_until = "fc2", .rates = {}, .no_decay = {}});
  CHECK(copy(network.rate_factors()) == factors{0, 0, 0, 0, 1, 1});
  const layer_factors some = {.freeze_until = "fc2", .rates = {{"conv2_1", 0.5}}, .no_decay = {}};
  set_factors(network, some);
  CHECK(copy(network.rate_factors()) == factors{0, 0, 0.5, 0.5, 1, 1});
  CHECK(lines_of(some) ==
        std::vector<std::string>{"before fc2: learning rate times 0", "conv2_1: learning rate times 0.5"});
  set_factors(network, {.freeze_until = "conv1_1", .rates = {}, .no_decay = {}});
  CHECK(copy(network.rate_factors()) == factors{1, 1, 1, 1, 1, 1});
  CHECK(lines_of({}).empty());
  CHECK_THROWS_WITH_AS(set_factors(network, {.freeze_until = "fc3", .rates = {}, .no_decay = {}}),
                       "--freeze-until: found the layer 'fc3', expected one of conv1_1, conv2_1, fc2", error);
}

TEST_CASE("LAYER=FACTOR") {
  const layer_rate rate = parse_layer_rate("conv1_1=1e-2");
  CHECK(rate.layer == "conv1_1");
  CHECK(rate.factor == 0.01);
  CHECK(parse_layer_rate("fc6=0").factor == 0);
  for (const char *wrong : {"", "=", "conv1_1", "conv1_1=", "=1", "conv1_1=x", "conv1_1=1x", "conv1_1=-1",
                            "conv1_1=nan", "conv1_1=inf", "conv1_1=1e7", "conv1_1=1=2"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(static_cast<void>(parse_layer_rate(wrong)), error);
  }
}
