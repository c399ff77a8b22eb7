// Batch norms in whole networks: folded at inference, frozen, and their running statistics.
#include "both_networks.hpp"

#include "model/relative_error.hpp"

#include <compiled/frozen_norm_training.hpp>
#include <compiled/norm_features.hpp>
#include <compiled/norm_training.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

using namespace vggen;
using namespace vggen::test;

namespace {

using normed = compiled::norm_training;
using normed_network = normed::training::network;

// The parameters of a batch norm, by its layer's name.
template <class Network> std::size_t first_parameter_of(std::string_view layer) {
  for (std::size_t i = 0; i < parameter_infos<Network>.size(); ++i)
    if (parameter_infos<Network>[i].name.view() == layer) return i;
  FAIL("no layer ", layer);
  return 0;
}

} // namespace

TEST_CASE("inference folds batch norms into the convolutions") {
  both_networks<normed> nets(1);
  normed::weights weights;
  REQUIRE(weights.assign(nets.context.parameter_pointers(), {.threads = 1}) == status::ok);
  normed::context<4> context;
  REQUIRE(context.prepare({.threads = 1}) == status::ok);
  REQUIRE(context.set_input(seeded_input<normed_network>().data()) == status::ok);
  REQUIRE(context.forward(weights) == status::ok);
  std::vector<float> logits(static_cast<std::size_t>(context.logits().size()));
  context.logits().copy_to(logits.data());
  const tensor expected = inference_logits<normed_network>(nets.input, nets.parameters);
  CHECK(relative_error(logits, expected.values) < 1e-5);

  // a forgotten part of a batch norm is found out
  for (std::size_t i = 0; i < nets.parameters.size(); ++i) {
    if (!parameter_infos<normed_network>[i].is_statistic()) continue;
    auto without = nets.parameters;
    std::fill(without[i].begin(), without[i].end(),
              parameter_infos<normed_network>[i].role == parameter_role::running_mean ? 0 : 1);
    CHECK(relative_error(logits, inference_logits<normed_network>(nets.input, without).values) > 1e-4);
  }
}

TEST_CASE("a batch norm's parameters have to be there") {
  const both_networks<normed> nets(1);
  const auto all = nets.context.parameter_pointers();
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto some = all;
    some[i] = nullptr;
    normed::weights weights;
    CHECK(weights.assign(some, {.threads = 1}) == status::invalid_argument);
  }
}

TEST_CASE("folded weights fit into lent memory") {
  const both_networks<normed> nets(1);
  const std::size_t bytes = normed::weights::packed_bytes();
  const auto block = std::make_unique<std::byte[]>(bytes + 64);
  auto *const aligned =
      reinterpret_cast<std::byte *>((reinterpret_cast<std::uintptr_t>(block.get()) + 63) / 64 * 64);
  normed::weights weights;
  CHECK(weights.assign(nets.context.parameter_pointers(), {.threads = 1, .lent = {aligned, bytes}}) ==
        status::ok);
  CHECK(weights.assign(nets.context.parameter_pointers(), {.threads = 1, .lent = {aligned, bytes - 1}}) ==
        status::out_of_memory);
}

TEST_CASE("running statistics move to those of the images that count") {
  for (const int images : {4, 3}) {
    both_networks<normed> nets(2, images);
    nets.step();
    const std::size_t first =
        first_parameter_of<normed_network>("bn1_1"); // whose input is the first convolution's
    filter weights(5, 2, 3, 3);
    weights.values = nets.parameters[0];
    const tensor input = add_bias(test::conv3x3(nets.input, weights), nets.parameters[1]);
    const std::vector<double> batch = batch_statistics(input, images);
    const double pixels = images * 11.0 * 9.0;
    const auto mean = nets.context.parameter(first + 2), variance = nets.context.parameter(first + 3);
    for (std::size_t c = 0; c < 5; ++c) {
      CHECK(mean[c] == doctest::Approx(0.9 * nets.parameters[first + 2][c] + 0.1 * batch[c]).epsilon(1e-5));
      CHECK(variance[c] ==
            doctest::Approx(0.9 * nets.parameters[first + 3][c] + 0.1 * batch[5 + c] * pixels / (pixels - 1))
                .epsilon(1e-5));
    }
  }
}

TEST_CASE("an update leaves running statistics alone, and moves scales and shifts") {
  both_networks<normed> nets(2);
  nets.step();
  std::vector<std::vector<float>> before;
  for (std::size_t i = 0; i < nets.parameters.size(); ++i)
    before.emplace_back(nets.context.parameter(i).begin(), nets.context.parameter(i).end());
  REQUIRE(nets.context.update({.learning_rate = 0.1f, .momentum = 0.9f, .weight_decay = 0.1f}) == status::ok);
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto now = nets.context.parameter(i);
    const bool same = std::equal(before[i].begin(), before[i].end(), now.begin());
    INFO(parameter_infos<normed_network>[i].name.view(), " ", parameter_infos<normed_network>[i].suffix());
    CHECK(same == parameter_infos<normed_network>[i].is_statistic());
  }
}

TEST_CASE("a number of images that no batch can have is refused") {
  both_networks<normed> nets(1);
  CHECK(nets.context.forward({}, 0) == status::invalid_argument);
  CHECK(nets.context.forward({}, 5) == status::invalid_argument);
}

TEST_CASE("frozen batch norms keep their running statistics and normalise by them") {
  using frozen = compiled::frozen_norm_training;
  using frozen_network = frozen::training::network;
  both_networks<frozen> nets(2);
  nets.step();
  const double loss = std::accumulate(nets.context.losses().begin(), nets.context.losses().end(), 0.0);
  CHECK(loss == doctest::Approx(nets.expected_loss()).epsilon(1e-5));
  for (const std::string_view layer : {"bn1_1", "bn1_2", "bn2_1"}) {
    const std::size_t first = first_parameter_of<frozen_network>(layer);
    for (const std::size_t i : {first + 2, first + 3}) {
      const auto now = nets.context.parameter(i);
      const bool same = std::equal(now.begin(), now.end(), nets.parameters[i].begin(),
                                   [](float a, double b) { return a == static_cast<float>(b); });
      INFO(layer, " ", parameter_infos<frozen_network>[i].suffix());
      CHECK(same == (layer != "bn2_1"));
    }
  }
}

TEST_CASE("gradients of features go through folded batch norms") {
  using features = compiled::norm_features;
  using features_network = features::gradients::network;
  const seeded_parameters<features_network> seeded;
  std::vector<std::vector<double>> parameters;
  std::array<const float *, parameter_infos<features_network>.size()> pointers{};
  for (std::size_t i = 0; i < seeded.tensors.size(); ++i) {
    parameters.emplace_back(seeded.tensors[i].begin(), seeded.tensors[i].end());
    pointers[i] = seeded.tensors[i].data();
  }
  features::gradients context;
  REQUIRE(context.prepare({.threads = 1}) == status::ok);
  REQUIRE(context.assign(pointers) == status::ok);
  auto input = seeded_input<features_network>();
  REQUIRE(context.set_input(input.data()) == status::ok);
  REQUIRE(context.forward() == status::ok);
  // the loss is the sum of the feature's values
  const int layer = find_layer<features_network>("conv2_1");
  std::ranges::fill(context.loss_gradient(layer), 1.f);
  REQUIRE(context.backward() == status::ok);
  const auto found = context.input_gradient();
  std::vector<float> gradient(static_cast<std::size_t>(found.size()));
  found.copy_to(gradient.data());

  constexpr shape in = layer_infos<features_network>[0].output;
  constexpr int batch = features_network::batch;
  const auto loss = [&] {
    tensor image(batch, in.height, in.width, in.channels);
    std::size_t next = 0;
    for (int n = 0; n < batch; ++n)
      for (int c = 0; c < in.channels; ++c)
        for (int y = 0; y < in.height; ++y)
          for (int x = 0; x < in.width; ++x)
            image(n, y, x, c) = double{input[next++]};
    double sum = 0;
    run_reference<features_network>(
        image, parameters, [](tensor values, const layer_info &) { return values; },
        [&](const tensor &, const layer_info &, std::size_t first) {
          return running_statistics(parameters, first);
        },
        [&](const layer_info &seen, const tensor &values) {
          if (seen.index == detail::storing_layer<features_network>(layer))
            sum = std::accumulate(values.values.begin(), values.values.end(), 0.0);
        });
    return sum;
  };
  double largest = 0, difference = 0;
  for (std::size_t e = 0; e < input.size(); e += 7) {
    const float value = input[e];
    constexpr float step = 0x1p-12f;
    input[e] = value + step;
    const double above = loss(), high = input[e];
    input[e] = value - step;
    const double below = loss(), low = input[e];
    input[e] = value;
    const double expected = (above - below) / (high - low);
    largest = std::max(largest, std::abs(expected));
    difference = std::max(difference, std::abs(expected - double{gradient[e]}));
  }
  CHECK(largest > 0);
  CHECK(difference <= 1e-5 * largest);
}
