// The gradients of whole networks against finite differences in double precision.
#include "reference_network.hpp"

#include "model/seeded_weights.hpp"

#include <compiled/odd_training.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

using namespace vggen;
using namespace vggen::test;

namespace {

// A network with the parameters and the input of a seed, in the kernels and in double precision.
template <class Model> struct both {
  using context_type = typename Model::training;
  using network = typename context_type::network;
  static constexpr int batch = context_type::batch;

  context_type context;
  tensor input;
  std::vector<std::vector<double>> parameters;
  std::vector<std::int32_t> labels;
  float smoothing = 0.1f;
  step_number number{.seed = 0x123456789abcdef0u, .step = 7};

  explicit both(int threads) : labels(batch) {
    REQUIRE(context.prepare({.threads = threads}) == status::ok);
    const seeded_parameters<network> seeded;
    for (std::size_t i = 0; i < seeded.tensors.size(); ++i) {
      std::ranges::copy(seeded.tensors[i], context.parameter(i).begin());
      parameters.emplace_back(seeded.tensors[i].begin(), seeded.tensors[i].end());
    }
    const auto nchw = seeded_input<network>();
    constexpr shape in = layer_infos<network>[0].output;
    input = tensor(batch, in.height, in.width, in.channels);
    std::size_t next = 0;
    for (int n = 0; n < batch; ++n)
      for (int c = 0; c < in.channels; ++c)
        for (int y = 0; y < in.height; ++y)
          for (int x = 0; x < in.width; ++x)
            input(n, y, x, c) = nchw[next++];
    for (int n = 0; n < batch; ++n)
      labels[static_cast<std::size_t>(n)] = n == 1 ? -1 : n % classes(network{});
    REQUIRE(context.set_input(nchw.data()) == status::ok);
  }

  double expected_loss() {
    const auto losses = cross_entropy(training_logits<network>(input, parameters, number.seed, number.step),
                                      labels, double{smoothing});
    return std::accumulate(losses.begin(), losses.end(), 0.0);
  }

  void step() {
    REQUIRE(context.forward(number) == status::ok);
    REQUIRE(context.loss(labels.data(), smoothing, 1) == status::ok);
    REQUIRE(context.backward() == status::ok);
  }
};

} // namespace

TEST_CASE("losses are those of a double-precision network") {
  both<compiled::odd_training> nets(2);
  nets.step();
  const double loss = std::accumulate(nets.context.losses().begin(), nets.context.losses().end(), 0.0);
  CHECK(loss == doctest::Approx(nets.expected_loss()).epsilon(1e-5));
  CHECK(nets.context.losses()[1] == 0);
}

TEST_CASE("gradients are what finite differences are") {
  both<compiled::odd_training> nets(2);
  nets.step();
  constexpr double step = 1e-5;
  for (std::size_t i = 0; i < nets.parameters.size(); ++i) {
    auto &values = nets.parameters[i];
    const auto found = nets.context.gradient(i);
    double largest = 0, difference = 0;
    const std::size_t stride = std::max<std::size_t>(1, values.size() / 40) | 1u;
    for (std::size_t e = 0; e < values.size(); e += stride) {
      const double value = values[e];
      values[e] = value + step;
      const double above = nets.expected_loss();
      values[e] = value - step;
      const double below = nets.expected_loss();
      values[e] = value;
      const double expected = (above - below) / (2 * step);
      largest = std::max(largest, std::abs(expected));
      difference = std::max(difference, std::abs(expected - double{found[e]}));
    }
    INFO(parameter_infos<compiled::odd_training::training::network>[i].name.view(), " ",
         i % 2 ? "bias" : "weight");
    CHECK(largest > 0);
    CHECK(difference <= 1e-5 * largest);
  }
}
