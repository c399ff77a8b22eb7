// A model with the weights of a seed, as tests want it.
#pragma once

#include <vggen/core/model.hpp>
#include <vggen/core/random.hpp>

#include <doctest/doctest.h>

#include <array>
#include <vector>

namespace vggen::test {

/// Represents the parameters of a network: fill_initial with a seed.
template <class Network> struct seeded_parameters {
  static constexpr auto &infos = parameter_infos<Network>;
  std::vector<std::vector<float>> tensors;
  std::array<const float *, infos.size()> pointers{};

  explicit seeded_parameters(std::uint64_t seed = 1) {
    for (std::size_t i = 0; i < infos.size(); ++i) {
      tensors.emplace_back(static_cast<std::size_t>(infos[i].size()));
      fill_initial(tensors.back(), infos[i], static_cast<std::uint32_t>(i), seed);
    }
    for (std::size_t i = 0; i < infos.size(); ++i)
      pointers[i] = tensors[i].data();
  }
};

/// The seeded input of a network, [n][c][y][x], in [-2, 2).
template <class Network> std::vector<float> seeded_input(std::uint64_t seed = 1) {
  std::vector<float> values(static_cast<std::size_t>(layer_infos<Network>[0].output.size() * Network::batch));
  fill_uniform(values, 2.f, seed, random_stream::test_input, 0);
  return values;
}

/// All elements of a tensor, [n][c][y][x].
inline std::vector<float> values_of(const activation_view &tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.size()));
  tensor.copy_to(values.data());
  return values;
}

/// One forward run from the seeded input; the logits.
template <class Context, class Weights> std::vector<float> run(Context &context, const Weights &weights) {
  const auto input = seeded_input<typename Context::network>();
  REQUIRE(context.set_input(input.data()) == status::ok);
  REQUIRE(context.forward(weights) == status::ok);
  return values_of(context.logits());
}

} // namespace vggen::test
