#include "vggen/train/trainer.hpp"

#include "vggen/train/number_text.hpp"

#include <vggen/io/box.hpp>
#include <vggen/io/error.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace vggen {

namespace {

void check(bool good, const char *name, double value, const char *expected) {
  if (!good)
    throw error(error_code::invalid_argument,
                std::string(name) + ": found " + detail::number_text(value) + ", expected " + expected);
}

// The norm of all, summed in one order whatever the machine.
double norm_of(std::span<const float> values) {
  double squares = 0;
  constexpr std::size_t chunk = 4096;
  for (std::size_t first = 0; first < values.size(); first += chunk) {
    double sum = 0;
    for (const float v : values.subspan(first, std::min(chunk, values.size() - first)))
      sum += double{v} * v;
    squares += sum;
  }
  return std::sqrt(squares);
}

} // namespace

double cross_entropy(std::span<const float> logits, int label) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double total = 0;
  for (const float v : logits)
    total += std::exp(v - largest);
  return std::log(total) + largest - logits[static_cast<std::size_t>(label)];
}

int best_class(std::span<const float> logits) {
  return static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

double score_of(const training_totals &totals, const trainable_facts &network) {
  return network.boxes > 0 ? totals.mean_overlap() : totals.accuracy();
}

std::span<const float, box_numbers> box_for(std::span<const float> outputs, int label) {
  const std::size_t first = outputs.size() > box_numbers ? static_cast<std::size_t>(label) * box_numbers : 0;
  return outputs.subspan(first).first<box_numbers>();
}

void check_targets(std::span<const float> targets, const trainable_facts &network) {
  if (network.boxes > 0 && targets.size() != static_cast<std::size_t>(network.batch) * box_numbers)
    throw error(error_code::invalid_argument, "found data without boxes, expected a box for each image, as " +
                                                  std::string(network.name) + " learns them");
}

std::span<const float> target_of(std::span<const float> targets, std::size_t example,
                                 const trainable_facts &network) {
  return network.boxes > 0 ? targets.subspan(example * box_numbers, box_numbers) : std::span<const float>();
}

training_totals measure(const evaluated_example &example, const trainable_facts &network) {
  if (network.boxes == 0)
    return {.loss = cross_entropy(example.outputs, example.label),
            .correct = best_class(example.outputs) == example.label,
            .images = 1};
  const auto found = box_for(example.outputs, example.label), wanted = box_for(example.target, 0);
  double squares = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    squares += (double{found[i]} - wanted[i]) * (double{found[i]} - wanted[i]);
  const double shared = overlap(from_numbers(found), from_numbers(wanted));
  return {.loss = squares / 2, .correct = shared > least_overlap, .images = 1, .overlap = shared};
}

void check_settings(const optimiser_settings &settings) {
  check(settings.momentum >= 0 && settings.momentum < 1, "momentum", settings.momentum, "0 to below 1");
  check(settings.weight_decay >= 0 && std::isfinite(settings.weight_decay), "weight decay",
        settings.weight_decay, "at least 0");
  check(settings.label_smoothing >= 0 && settings.label_smoothing < 1, "label smoothing",
        settings.label_smoothing, "0 to below 1");
  check(settings.clip_norm >= 0, "clip norm", settings.clip_norm, "at least 0");
  check(settings.accumulate >= 1, "accumulate", settings.accumulate, "at least 1");
}

trainer::trainer(trainable &network, const optimiser_settings &settings, normalisation how)
    : network_(network), settings_(settings), how_(std::move(how)),
      logits_(static_cast<std::size_t>(network.facts().batch) * network.facts().outputs()) {
  check_settings(settings);
  if (settings.accumulate > 1) sum_.resize(network.gradients().size());
}

void trainer::set_progress(std::int64_t steps, std::int64_t batches) {
  steps_ = steps;
  batches_ = batches;
  pending_images_ = pending_batches_ = 0;
}

void trainer::accumulate() {
  const auto gradients = network_.gradients();
  if (pending_batches_ == 0)
    std::ranges::copy(gradients, sum_.begin());
  else
    std::ranges::transform(sum_, gradients, sum_.begin(), std::plus<>{});
}

training_totals trainer::batch(std::span<const std::uint8_t> images, std::span<const std::int32_t> labels,
                               int count, double learning_rate, bool last, std::span<const float> targets) {
  const trainable_facts &facts = network_.facts();
  check_targets(targets, facts);
  // gradients are those of the sum of losses; the update divides them by the number of images
  network_.forward(images, how_, {.seed = settings_.seed, .step = static_cast<std::uint32_t>(batches_)},
                   count);
  const auto losses = network_.loss(labels, targets, static_cast<float>(settings_.label_smoothing), 1.f);
  network_.copy_logits(logits_);
  training_totals totals;
  const std::size_t outputs = facts.outputs();
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (labels[at] < 0) continue;
    training_totals one = measure({.label = labels[at],
                                   .outputs = std::span<const float>(logits_).subspan(at * outputs, outputs),
                                   .target = target_of(targets, at, facts)},
                                  facts);
    one.loss = losses[at]; // of smoothed labels, if they are
    totals.add(one);
  }
  if (!std::isfinite(totals.loss)) {
    const std::string layer = network_.layer_not_finite();
    throw error(
        error_code::execution_failed,
        "step " + std::to_string(steps_) + ": the loss is not finite" +
            (layer.empty() ? std::string() : "; the first layer whose output is not finite is " + layer) +
            ". Try a lower learning rate (it was " + detail::number_text(learning_rate) +
            "), warm-up, or clipping of gradients");
  }
  network_.backward();
  if (settings_.accumulate > 1) accumulate();
  ++batches_;
  ++pending_batches_;
  pending_images_ += totals.images;
  if (pending_batches_ < settings_.accumulate && !last) return totals;

  if (pending_images_ > 0) {
    if (settings_.accumulate > 1) std::ranges::copy(sum_, network_.gradients().begin());
    double scale = 1.0 / static_cast<double>(pending_images_);
    if (settings_.clip_norm > 0) {
      gradient_norm_ = norm_of(network_.gradients()) * scale;
      if (gradient_norm_ > settings_.clip_norm) scale *= settings_.clip_norm / gradient_norm_;
    }
    network_.update({.learning_rate = static_cast<float>(learning_rate),
                     .momentum = static_cast<float>(settings_.momentum),
                     .weight_decay = static_cast<float>(settings_.weight_decay),
                     .gradient_scale = static_cast<float>(scale),
                     .nesterov = settings_.nesterov});
  }
  ++steps_;
  pending_images_ = pending_batches_ = 0;
  return totals;
}

} // namespace vggen
