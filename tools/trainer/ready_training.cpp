#include "tools/trainer/ready_training.hpp"

#include <vggen/core/random.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace vggen {

ready_training::ready_training(trainable &network, int threads)
    : network_(network), threads_(network.prepare(threads)) {
  const trainable_facts &facts = network.facts();
  fill_uniform(network.parameters(), 0.02f, 1, random_stream::initial_weights, 0);
  network.parameters_changed();
  images_.resize(static_cast<std::size_t>(facts.input.size() * facts.batch));
  for (std::size_t i = 0; i < images_.size(); ++i)
    images_[i] = static_cast<std::uint8_t>(i * 7919 >> 3);
  labels_.reserve(static_cast<std::size_t>(facts.batch));
  for (int i = 0; i < facts.batch; ++i)
    labels_.push_back(i % std::max(1, facts.classes));
  if (facts.boxes > 0) targets_.assign(static_cast<std::size_t>(facts.batch) * box_numbers, 0.5f);
  const auto channels = static_cast<std::size_t>(facts.input.channels);
  how_.constants.assign(3 * channels, 1.f);
  std::fill_n(how_.constants.begin(), channels, 255.f);
}

step_times ready_training::step() {
  using clock = std::chrono::steady_clock;
  const auto milliseconds = [](clock::duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
  };
  std::array<clock::time_point, 4> at{clock::now()};
  network_.forward(images_, how_, {.seed = 1, .step = steps_++}, network_.facts().batch);
  network_.loss(labels_, targets_, 0, 1.f / static_cast<float>(network_.facts().batch));
  at[1] = clock::now();
  network_.backward();
  at[2] = clock::now();
  network_.update({.learning_rate = 1e-3f, .momentum = 0.9f, .weight_decay = 5e-4f});
  at[3] = clock::now();
  return {.forward = milliseconds(at[1] - at[0]),
          .backward = milliseconds(at[2] - at[1]),
          .update = milliseconds(at[3] - at[2])};
}

} // namespace vggen
