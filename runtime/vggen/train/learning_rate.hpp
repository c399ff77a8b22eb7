// The learning rate of every training step: constant, reduced on a plateau, in steps or along a cosine, each
// after a linear warm-up.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace vggen {

enum class learning_rate_kind {
  constant,
  plateau, ///< times `factor` whenever the metric has stopped improving: PyTorch's ReduceLROnPlateau
  steps,   ///< times `factor` at each of the milestones: PyTorch's MultiStepLR
  cosine,  ///< down to `minimum` along half a cosine: PyTorch's CosineAnnealingLR
};

/// Which way a metric improves.
enum class metric_mode {
  max, ///< up, as an accuracy
  min, ///< down, as a loss
};

/// Represents what a learning rate does over a training. Options of other kinds than `kind` are ignored.
struct learning_rate_policy {
  learning_rate_kind kind = learning_rate_kind::constant;
  double rate = 0.01;            ///< after the warm-up, before any reduction; above 0
  std::int64_t warmup_steps = 0; ///< w: step s < w has (s + 1) / w of the rate
  double factor = 0.1;           ///< plateau, steps: what the rate is multiplied by; above 0 and below 1
  double minimum = 0;            ///< plateau, cosine: the rate never goes below; at most `rate`
  std::int64_t reductions = 0;   ///< plateau: how often at most, up to 1000; 0: any number of times

  metric_mode mode = metric_mode::max; ///< plateau
  std::int64_t patience = 10; ///< plateau: epochs in a row that may pass without the metric improving
  double threshold = 1e-4;    ///< plateau: the share of the best metric that counts as improving; below 1

  std::vector<std::int64_t> milestones{}; ///< steps: epochs from whose start on the rate is lower; ascending

  std::int64_t cosine_steps = 0; ///< cosine: steps after the warm-up; 0: all that training has
};

/// Represents what a schedule has learnt so far: what a checkpoint keeps.
struct learning_rate_state {
  std::int64_t epochs_finished = 0;
  // of a plateau
  double rate = 0;             ///< reduced as it is by now
  double best = 0;             ///< metric; infinite (worse than any) before the first epoch
  std::int64_t bad_epochs = 0; ///< in a row without improving

  bool operator==(const learning_rate_state &) const = default;
};

/// Represents the learning rate of a training of a known length.
class learning_rate_schedule {
public:
  /// A schedule for `epochs` epochs of `steps_per_epoch` steps. Throws vggen::error with invalid_argument,
  /// naming the option, if an option of the policy is out of its range, if the training has no or more than
  /// 2^63 - 1 steps, or if the warm-up is longer than it (or leaves a cosine without a length no step).
  learning_rate_schedule(learning_rate_policy policy, std::int64_t steps_per_epoch, std::int64_t epochs);

  /// The rate that the update of `step` is made with; steps count from 0, over all epochs. It depends on the
  /// step alone but for a plateau, where it is right for steps of the epoch that is under way. Steps after
  /// the training's last have what the policy says of them; those of a cosine have its minimum.
  /// During the warm-up what the policy says is multiplied by (step + 1) / warmup_steps; a cosine starts
  /// after it.
  [[nodiscard]] double rate(std::int64_t step) const;

  /// To be told the metric of every epoch, once it is over. On a plateau, an epoch improves if its metric is
  /// above best * (1 + threshold), or, where less is better, below best * (1 - threshold); NaN never does.
  /// After more than `patience` epochs in a row that do not improve, the rate is multiplied by `factor`,
  /// unless `minimum` or `reductions` leaves a reduction of 1e-8 or less, and counting starts anew.
  void epoch_finished(double metric);

  [[nodiscard]] const learning_rate_state &state() const noexcept { return state_; }

  /// Takes up where the schedule of that state was; rate and epoch_finished then return and do what that
  /// one's would. Throws vggen::error with invalid_argument, naming the member, if no schedule of this policy
  /// can have that state; this one is then as it was.
  void restore(const learning_rate_state &state);

  [[nodiscard]] const learning_rate_policy &policy() const noexcept { return policy_; }

  /// The schedule in one line: "0.1, times 0.1 from each of the epochs 30, 60".
  [[nodiscard]] std::string description() const;

private:
  [[nodiscard]] double rate_in_steps(std::int64_t step) const;
  [[nodiscard]] double rate_on_cosine(std::int64_t step) const;
  void check() const;
  [[nodiscard]] double lowest() const; // rate of a plateau

  learning_rate_policy policy_;
  std::int64_t steps_per_epoch_;
  std::int64_t epochs_;
  learning_rate_state state_;
};

} // namespace vggen
