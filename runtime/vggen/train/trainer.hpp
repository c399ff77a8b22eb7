// Trains a network: steps of stochastic gradient descent over the batches of a data source, and evaluation.
#pragma once

#include "vggen/train/trainable.hpp"

#include <vggen/data/data_source.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace vggen {

/// How parameters are changed.
struct optimiser_settings {
  double momentum = 0.9;
  double weight_decay = 5e-4; ///< of the L2 penalty, weight_decay / 2 * |values|²
  bool nesterov = false;
  double label_smoothing = 0; ///< 0 to below 1
  double clip_norm = 0;       ///< gradients whose norm is larger are scaled down to it; 0: never
  int accumulate = 1;         ///< batches whose gradients make one step
  std::uint64_t seed = 0;     ///< of dropout
};

/// Throws vggen::error with invalid_argument, naming the setting, for settings that make no sense.
void check_settings(const optimiser_settings &settings);

/// A box is found if it overlaps with that of the image by more than this.
inline constexpr double least_overlap = 0.5;

/// What one or several steps measured.
struct training_totals {
  double loss = 0;                      ///< sum over images
  std::int64_t correct = 0, images = 0; ///< correct: classified so, or the box is found
  double overlap = 0;                   ///< of boxes: sum over images

  [[nodiscard]] double mean_loss() const { return loss / static_cast<double>(images); }
  [[nodiscard]] double mean_overlap() const { return overlap / static_cast<double>(images); }
  [[nodiscard]] double accuracy() const { return static_cast<double>(correct) / static_cast<double>(images); }
  void add(const training_totals &other) {
    loss += other.loss;
    correct += other.correct;
    images += other.images;
    overlap += other.overlap;
  }
};

/// What epochs are compared by, more being better: the accuracy, or the mean overlap of boxes.
[[nodiscard]] double score_of(const training_totals &totals, const trainable_facts &network);

/// Of a network's outputs for an image the box that is meant: that of the label, or the only one.
[[nodiscard]] std::span<const float, box_numbers> box_for(std::span<const float> outputs, int label);

/// What is asked after each batch of an epoch.
struct epoch_progress {
  std::int64_t batch = 0, batches = 0; ///< done, of
  training_totals totals;              ///< of the epoch so far
  double learning_rate = 0;
};

/// Represents a training under way. The parameters are the network's own (trainable::parameters).
class trainer {
public:
  /// Throws vggen::error as check_settings does.
  trainer(trainable &network, const optimiser_settings &settings, normalisation how);

  /// One batch forward and backward; after `accumulate` batches, or with `last`, an update with that learning
  /// rate. Labels below 0 do not count; targets are [n][box_numbers], of a network that gives boxes. Throws
  /// vggen::error with execution_failed, naming step and layer, if the loss is not finite: the parameters are
  /// then those before the step; with invalid_argument if targets are missing.
  training_totals batch(std::span<const std::uint8_t> images, std::span<const std::int32_t> labels, int count,
                        double learning_rate, bool last, std::span<const float> targets = {});

  /// The rest of an epoch, from batch `first` on, when `before` has been measured. `rate(step)` is asked
  /// before each update; `after` after each batch, and ends the epoch when it returns false. Returns what was
  /// measured.
  template <data_source Source>
  training_totals epoch(Source &source, std::uint64_t number, std::int64_t first,
                        const training_totals &before, const std::function<double(std::int64_t step)> &rate,
                        const std::function<bool(const epoch_progress &)> &after) {
    source.begin_epoch(number, first);
    const std::int64_t size = network_.facts().batch, batches = (source.size() + size - 1) / size;
    epoch_progress progress{.batch = first, .batches = batches, .totals = before};
    for (;;) {
      const auto &next = source.next();
      if (next.count == 0) break;
      progress.learning_rate = rate(steps_);
      progress.totals.add(batch(next.images, next.labels, next.count, progress.learning_rate,
                                progress.batch + 1 == batches, targets_of(next)));
      ++progress.batch;
      if (!after(progress)) break;
    }
    return progress.totals;
  }

  /// Updates so far, and batches so far (which number dropout's random draws).
  [[nodiscard]] std::int64_t steps() const { return steps_; }
  [[nodiscard]] std::int64_t batches() const { return batches_; }
  /// No gradient waits for more batches: the state is in the parameters and momenta alone.
  [[nodiscard]] bool between_steps() const { return pending_batches_ == 0; }
  void set_progress(std::int64_t steps, std::int64_t batches);

  /// The norm of the gradient before clipping, at the last update where clipping was on.
  [[nodiscard]] double gradient_norm() const { return gradient_norm_; }

private:
  void accumulate();

  trainable &network_;
  optimiser_settings settings_;
  normalisation how_;
  std::vector<float> sum_; ///< of gradients, where several batches make a step
  std::vector<float> logits_;
  std::int64_t steps_ = 0, batches_ = 0;
  std::int64_t pending_images_ = 0;
  int pending_batches_ = 0;
  double gradient_norm_ = 0;
};

/// Represents an example that a network was run on.
struct evaluated_example {
  std::int64_t place = 0; ///< in the epoch
  int label = 0;
  std::span<const float> outputs{};      ///< logits [class], or boxes [box][box_numbers]
  std::span<const float> target{};       ///< [box_numbers], if the network gives boxes
  std::span<const std::uint8_t> image{}; ///< [y][x][c]
};

/// Runs the network, as it classifies, over all examples of a source; `each` is called with every one that
/// counts, as an evaluated_example. Throws vggen::error with invalid_argument if targets are missing.
template <data_source Source, class Each>
training_totals evaluate(trainable &network, Source &source, const normalisation &how, Each each);

/// Throws unless a batch has the targets that the network needs.
void check_targets(std::span<const float> targets, const trainable_facts &network);
/// Those of one example; none if the network classifies.
[[nodiscard]] std::span<const float> target_of(std::span<const float> targets, std::size_t example,
                                               const trainable_facts &network);

/// What an example comes to, with its loss.
[[nodiscard]] training_totals measure(const evaluated_example &example, const trainable_facts &network);

/// The cross-entropy of one image.
[[nodiscard]] double cross_entropy(std::span<const float> logits, int label);
/// The class of the largest logit; the first of equals.
[[nodiscard]] int best_class(std::span<const float> logits);

template <data_source Source, class Each>
training_totals evaluate(trainable &network, Source &source, const normalisation &how, Each each) {
  const trainable_facts &facts = network.facts();
  const std::size_t outputs = facts.outputs();
  std::vector<float> logits(static_cast<std::size_t>(facts.batch) * outputs);
  const auto image_bytes = static_cast<std::size_t>(facts.input.size());
  training_totals totals;
  source.begin_epoch(0, 0);
  for (std::int64_t first = 0;; first += facts.batch) {
    const auto &next = source.next();
    if (next.count == 0) break;
    const std::span<const float> targets = targets_of(next);
    check_targets(targets, facts);
    network.evaluate(next.images, how, logits);
    for (int i = 0; i < next.count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const int label = next.labels[at];
      if (label < 0) continue;
      const evaluated_example example{
          .place = first + i,
          .label = label,
          .outputs = std::span<const float>(logits).subspan(at * outputs, outputs),
          .target = target_of(targets, at, facts),
          .image = std::span<const std::uint8_t>(next.images).subspan(at * image_bytes, image_bytes)};
      totals.add(measure(example, facts));
      each(example);
    }
  }
  return totals;
}

} // namespace vggen
