// Training with the weights of fully connected layers in bfloat16: the forward pass rounds them anew in each
// step, what is trained are float32 weights.
#include "model/seeded_weights.hpp"

#include <compiled/trace_vgg11.hpp>
#include <compiled/trace_vgg11_bf16.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

using namespace vggen;
using namespace vggen::test;

namespace {

template <class Model> struct example {
  typename Model::training context;
  std::vector<std::int32_t> labels;

  example() {
    REQUIRE(context.prepare({.threads = 2}) == status::ok);
    for (int n = 0; n < Model::training::batch; ++n)
      labels.push_back(n % 10);
  }

  std::vector<float> run() {
    const auto input = seeded_input<typename Model::training::network>();
    REQUIRE(context.set_input(input.data()) == status::ok);
    REQUIRE(context.forward({.seed = 1, .step = 0}) == status::ok);
    auto logits = values_of(context.logits());
    REQUIRE(context.loss(labels.data(), 0, 1.f / static_cast<float>(labels.size())) == status::ok);
    REQUIRE(context.backward() == status::ok);
    return logits;
  }
};

// The nearest number of 8 significant bits; of two the even one.
float rounded(float value) {
  int exponent = 0;
  const float fraction = std::frexp(value, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(fraction, 8)), exponent - 8);
}

double distance(std::span<const float> a, std::span<const float> b) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    norm += double{b[i]} * b[i];
  }
  return std::sqrt(difference / norm);
}

} // namespace

TEST_CASE("a step is that of a network whose weights are rounded before it") {
  example<compiled::trace_vgg11_bf16> trained;
  example<compiled::trace_vgg11> reference;
  const seeded_parameters<compiled::trace_vgg11::network> parameters;
  const auto &infos = parameters.infos;
  for (std::size_t i = 0; i < infos.size(); ++i)
    std::ranges::copy(parameters.tensors[i], trained.context.parameter(i).begin());
  trained.context.parameters_changed();
  for (int step = 0; step < 3; ++step) {
    for (std::size_t i = 0; i < infos.size(); ++i) {
      const std::span<const float> from = trained.context.parameter(i);
      if (infos[i].rank == 2)
        std::ranges::transform(from, reference.context.parameter(i).begin(), rounded);
      else
        std::ranges::copy(from, reference.context.parameter(i).begin());
    }
    reference.context.parameters_changed();
    CHECK(distance(trained.run(), reference.run()) < 1e-5);
    for (std::size_t i = 0; i < infos.size(); ++i) // which go back through weights that are not rounded
      CHECK(distance(trained.context.gradient(i), reference.context.gradient(i)) < 1e-2);
    REQUIRE(trained.context.update({.learning_rate = 0.001f}) == status::ok);
  }
}
