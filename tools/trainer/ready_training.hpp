// A network that only has to be trained: what the command `train-bench` and the benchmarks of training steps
// measure.
#pragma once

#include <vggen/train/trainable.hpp>

#include <cstdint>
#include <vector>

namespace vggen {

/// Milliseconds of the parts of a step.
struct step_times {
  double forward = 0, backward = 0, update = 0;
  [[nodiscard]] double all() const { return forward + backward + update; }
};

/// Represents a network with random parameters, a batch and threads.
class ready_training {
public:
  /// threads: as trainable::prepare has it.
  ready_training(trainable &network, int threads);

  [[nodiscard]] int threads() const { return threads_; }

  /// Preprocessing, the forward pass and the loss; the gradients of all that is trained; the update.
  step_times step();

private:
  trainable &network_;
  int threads_;
  std::uint32_t steps_ = 0;
  std::vector<std::uint8_t> images_;
  std::vector<std::int32_t> labels_;
  std::vector<float> targets_;
  normalisation how_;
};

} // namespace vggen
