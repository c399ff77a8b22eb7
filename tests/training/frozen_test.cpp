// The frozen part of a network by itself: what it gives can be kept and put back.
#include "both_networks.hpp"

#include "model/relative_error.hpp"

#include <compiled/frozen_norm_training.hpp>
#include <compiled/frozen_training.hpp>
#include <compiled/odd_training.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace vggen;
using namespace vggen::test;

namespace {

template <class Model> void check_kept_values() {
  using network = typename Model::training::network;
  both_networks<Model> whole(2), parts(2);
  whole.step();

  REQUIRE(parts.context.forward_frozen() == status::ok);
  const auto values = parts.context.frozen_values();
  std::vector<float> kept(values.begin(), values.end());
  CHECK(kept.size() == Model::training::frozen_floats * Model::training::batch);
  // another run's, of other images
  std::vector<float> other(static_cast<std::size_t>(layer_infos<network>[0].output.size() * network::batch),
                           1.f);
  REQUIRE(parts.context.set_input(other.data()) == status::ok);
  REQUIRE(parts.context.forward(parts.number) == status::ok);
  CHECK_FALSE(std::ranges::equal(kept, parts.context.frozen_values()));

  std::ranges::copy(kept, parts.context.frozen_values().begin());
  REQUIRE(parts.context.forward_trained(parts.number) == status::ok);
  REQUIRE(parts.context.loss(parts.labels.data(), parts.smoothing, 1) == status::ok);
  REQUIRE(parts.context.backward() == status::ok);
  CHECK(std::ranges::equal(parts.context.losses(), whole.context.losses()));
  CHECK(std::ranges::equal(parts.context.gradients(), whole.context.gradients()));
}

} // namespace

TEST_CASE("what the frozen part gives can be kept and put back") {
  check_kept_values<compiled::frozen_training>();
  check_kept_values<compiled::frozen_norm_training>();
}

TEST_CASE("from kept values the network classifies as it does from images") {
  using model = compiled::frozen_training;
  using network = model::training::network;
  both_networks<model> f(2);
  REQUIRE(f.context.forward_frozen() == status::ok);
  REQUIRE(f.context.evaluate_trained() == status::ok);
  const auto found = values_of(f.context.logits());
  const seeded_parameters<network> parameters;
  model::weights weights;
  REQUIRE(weights.assign(parameters.pointers, {.batch = network::batch}) == status::ok);
  model::context<network::batch> inference;
  REQUIRE(inference.prepare({.threads = 2}) == status::ok);
  CHECK(relative_error(found, run(inference, weights)) < 1e-5);
  // and drops again in the next step
  REQUIRE(f.context.forward_trained(f.number) == status::ok);
  CHECK(relative_error(values_of(f.context.logits()), found) > 1e-3);
  static_assert(!model::training::trains_batch_norms);
  static_assert(compiled::frozen_norm_training::training::trains_batch_norms);
}

TEST_CASE("the frozen part ends before what is trained, and before what drops") {
  using frozen = compiled::frozen_training::training;
  CHECK(layer_infos<frozen::network>[frozen::frozen_output].name.view() == "pool1");
  CHECK(compiled::odd_training::training::frozen_output == 0); // nothing is frozen
}
