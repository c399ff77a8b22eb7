// The gradients of whole networks against finite differences in double precision.
#include "both_networks.hpp"

#include <compiled/box_training.hpp>
#include <compiled/boxes_training.hpp>
#include <compiled/norm_training.hpp>
#include <compiled/odd_training.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>

using namespace vggen;
using namespace vggen::test;

namespace {

// Finite differences of the loss with respect to some of a parameter tensor's values, against the gradient
// that was found.
struct comparison {
  double largest = 0, difference = 0;
};
template <class Networks> comparison compare(Networks &nets, std::size_t parameter) {
  constexpr double step = 1e-5;
  auto &values = nets.parameters[parameter];
  const auto found = nets.context.gradient(parameter);
  comparison result;
  const std::size_t stride = std::max<std::size_t>(1, values.size() / 40) | 1u;
  for (std::size_t e = 0; e < values.size(); e += stride) {
    const double value = values[e];
    values[e] = value + step;
    const double above = nets.expected_loss();
    values[e] = value - step;
    const double below = nets.expected_loss();
    values[e] = value;
    const double expected = (above - below) / (2 * step);
    result.largest = std::max(result.largest, std::abs(expected));
    result.difference = std::max(result.difference, std::abs(expected - double{found[e]}));
  }
  return result;
}

template <class Model> void check_losses(int images) {
  both_networks<Model> nets(2, images);
  nets.step();
  const double loss = std::accumulate(nets.context.losses().begin(), nets.context.losses().end(), 0.0);
  CHECK(loss == doctest::Approx(nets.expected_loss()).epsilon(1e-5));
  CHECK(nets.context.losses()[1] == 0);
}

template <class Model> void check_gradients(int images) {
  using network = typename Model::training::network;
  both_networks<Model> nets(2, images);
  nets.step();
  double of_weights = 0; // the largest gradient of the same layer's weights
  for (std::size_t i = 0; i < nets.parameters.size(); ++i) {
    const parameter_info &info = parameter_infos<network>[i];
    if (info.is_statistic()) continue;
    const auto [largest, difference] = compare(nets, i);
    INFO(info.name.view(), " ", info.suffix(), " ", difference, " of ", largest);
    if (info.role == parameter_role::bias && batch_norm_of<network>(info.layer) >= 0) {
      CHECK(largest < 1e-8); // the mean takes it away again
      CHECK(difference <= 1e-5 * of_weights);
      continue;
    }
    if (info.role == parameter_role::weights) of_weights = largest;
    CHECK(largest > 0);
    CHECK(difference <= 1e-5 * largest);
  }
}

} // namespace

TEST_CASE("losses are those of a double-precision network") {
  check_losses<compiled::odd_training>(3);
  check_losses<compiled::norm_training>(4);
  check_losses<compiled::norm_training>(3);
  check_losses<compiled::box_training>(3);
  check_losses<compiled::boxes_training>(3);
}

TEST_CASE("gradients are what finite differences are") {
  check_gradients<compiled::odd_training>(3);
  check_gradients<compiled::norm_training>(4);
  check_gradients<compiled::norm_training>(3); // of a batch that is not full
  check_gradients<compiled::box_training>(3);
  check_gradients<compiled::boxes_training>(3);
}
