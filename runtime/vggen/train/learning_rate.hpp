// How the learning rate changes while a network is trained.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vggen {

enum class rate_policy { constant, plateau, steps, cosine };

/// Represents a policy. Each may begin with a linear warm-up.
struct learning_rate_policy {
  rate_policy kind = rate_policy::cosine;
  double rate = 0.05;  ///< at first, after the warm-up
  double minimum = 0;  ///< never below it (plateau, steps, cosine)
  double factor = 0.1; ///< plateau, steps: the rate is multiplied by it
  double warm_up = 0;  ///< epochs, in which step s of w has the rate's share (s + 1) / w
  int patience = 3;    ///< plateau: epochs without improvement that are borne with
  double threshold =
      1e-4; ///< plateau: an accuracy must be better by this share of the best to count as improvement
  std::vector<int> milestones{}; ///< steps: the epochs, ascending, before which the rate is multiplied
};

/// Represents a policy over the steps of one training.
class learning_rate_schedule {
public:
  /// Throws vggen::error with invalid_argument, naming the option, for a policy that makes no sense.
  learning_rate_schedule(const learning_rate_policy &policy, std::int64_t steps_in_epoch, int epochs);

  /// The rate of a step, counted from 0.
  [[nodiscard]] double rate(std::int64_t step) const;

  /// Tells of the validation accuracy after an epoch; plateau acts on it as PyTorch's ReduceLROnPlateau (mode
  /// max, relative threshold).
  void epoch_finished(double accuracy);

  /// What a checkpoint keeps.
  struct state {
    double scale = 1; ///< plateau: what the rate is multiplied by so far
    double best = -1;
    int bad_epochs = 0;
    bool operator==(const state &) const = default;
  };
  [[nodiscard]] const state &current() const { return state_; }
  void restore(const state &s) { state_ = s; }

  /// One line for people.
  [[nodiscard]] std::string description() const;

private:
  learning_rate_policy policy_;
  std::int64_t steps_in_epoch_;
  int epochs_;
  state state_;
};

} // namespace vggen
