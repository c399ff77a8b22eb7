// Policies as PyTorch 2.8 has them in torch/optim/lr_scheduler.py.
#include "vggen/train/learning_rate.hpp"

#include "vggen/io/error.hpp"
#include "vggen/train/number_text.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>
#include <utility>

namespace vggen {
namespace {

constexpr double smallest_reduction = 1e-8; // ReduceLROnPlateau's eps
constexpr std::int64_t most_reductions = 1000;

using detail::number_text;

[[noreturn]] void fail(std::string_view option, const std::string &found, const std::string &expected) {
  throw error(error_code::invalid_argument,
              "learning rate: " + std::string(option) + ": found " + found + ", expected " + expected);
}

// Comparisons are written so that NaN fails them.
void check_share(std::string_view option, double value) {
  if (!(value > 0 && value < 1)) fail(option, number_text(value), "a number above 0 and below 1");
}

void check_minimum(const learning_rate_policy &policy) {
  if (!(policy.minimum >= 0 && policy.minimum <= policy.rate))
    fail("minimum", number_text(policy.minimum), "a number from 0 to the rate, " + number_text(policy.rate));
}

void check_plateau(const learning_rate_policy &policy) {
  check_share("factor", policy.factor);
  check_minimum(policy);
  if (policy.mode != metric_mode::max && policy.mode != metric_mode::min)
    fail("mode", std::to_string(static_cast<int>(policy.mode)), "max or min");
  if (policy.reductions < 0 || policy.reductions > most_reductions)
    fail("reductions", std::to_string(policy.reductions), "0 to " + std::to_string(most_reductions));
  if (policy.patience < 0) fail("patience", std::to_string(policy.patience), "at least 0 epochs");
  if (!(policy.threshold >= 0 && policy.threshold < 1))
    fail("threshold", number_text(policy.threshold), "a number from 0 to below 1");
}

void check_milestones(const learning_rate_policy &policy) {
  check_share("factor", policy.factor);
  if (policy.milestones.empty()) fail("milestones", "none", "at least one");
  std::int64_t before = 0;
  for (const std::int64_t milestone : policy.milestones) {
    if (milestone <= before)
      fail("milestones", std::to_string(milestone) + " after " + std::to_string(before),
           "epochs above 0, each above the one before");
    before = milestone;
  }
}

void check_cosine(const learning_rate_policy &policy, std::int64_t steps) {
  check_minimum(policy);
  if (policy.cosine_steps < 0)
    fail("cosine_steps", std::to_string(policy.cosine_steps), "at least 1, or 0 for all that training has");
  if (policy.cosine_steps == 0 && policy.warmup_steps == steps)
    fail("warmup_steps", std::to_string(policy.warmup_steps),
         "less than the training's " + std::to_string(steps) + " steps, for the cosine to have some");
}

// The metric that any other is better than.
double worst(metric_mode mode) {
  return mode == metric_mode::max ? -std::numeric_limits<double>::infinity()
                                  : std::numeric_limits<double>::infinity();
}

std::string with_unit(std::int64_t number, const std::string &unit) {
  return std::to_string(number) + " " + unit + (number == 1 ? "" : "s");
}

std::string plateau_text(const learning_rate_policy &policy) {
  std::string text = ", times " + number_text(policy.factor) + " after more than " +
                     with_unit(policy.patience, "epoch") + " in a row without a metric " +
                     (policy.mode == metric_mode::max ? "above (1 + " : "below (1 - ") +
                     number_text(policy.threshold) + ") times the best";
  if (policy.reductions > 0) text += ", at most " + with_unit(policy.reductions, "time");
  if (policy.minimum > 0) text += ", at least " + number_text(policy.minimum);
  return text;
}

std::string milestones_text(const learning_rate_policy &policy) {
  std::string epochs;
  for (const std::int64_t milestone : policy.milestones)
    epochs += (epochs.empty() ? "" : ", ") + std::to_string(milestone);
  return ", times " + number_text(policy.factor) + " from each of the epochs " + epochs;
}

} // namespace

learning_rate_schedule::learning_rate_schedule(learning_rate_policy policy, std::int64_t steps_per_epoch,
                                               std::int64_t epochs)
    : policy_(std::move(policy)), steps_per_epoch_(steps_per_epoch), epochs_(epochs) {
  check();
  state_ = {.rate = policy_.rate, .best = worst(policy_.mode)};
}

void learning_rate_schedule::check() const {
  if (steps_per_epoch_ < 1) fail("steps_per_epoch", std::to_string(steps_per_epoch_), "at least 1");
  const std::int64_t most_epochs = std::numeric_limits<std::int64_t>::max() / steps_per_epoch_;
  if (epochs_ < 1 || epochs_ > most_epochs)
    fail("epochs", std::to_string(epochs_),
         "1 to " + std::to_string(most_epochs) + " of " + with_unit(steps_per_epoch_, "step"));
  const std::int64_t steps = steps_per_epoch_ * epochs_;
  if (!(policy_.rate > 0 && std::isfinite(policy_.rate)))
    fail("rate", number_text(policy_.rate), "a finite number above 0");
  if (policy_.warmup_steps < 0 || policy_.warmup_steps > steps)
    fail("warmup_steps", std::to_string(policy_.warmup_steps),
         "0 to the training's " + with_unit(steps, "step"));
  switch (policy_.kind) {
  case learning_rate_kind::constant:
    return;
  case learning_rate_kind::plateau:
    return check_plateau(policy_);
  case learning_rate_kind::steps:
    return check_milestones(policy_);
  case learning_rate_kind::cosine:
    return check_cosine(policy_, steps);
  }
  fail("kind", std::to_string(static_cast<int>(policy_.kind)), "constant, plateau, steps or cosine");
}

double learning_rate_schedule::rate_in_steps(std::int64_t step) const {
  double rate = policy_.rate;
  for (const std::int64_t milestone : policy_.milestones)
    if (step / steps_per_epoch_ >= milestone) rate *= policy_.factor;
  return rate;
}

double learning_rate_schedule::rate_on_cosine(std::int64_t step) const {
  const std::int64_t length =
      policy_.cosine_steps > 0 ? policy_.cosine_steps : steps_per_epoch_ * epochs_ - policy_.warmup_steps;
  const std::int64_t done = std::clamp<std::int64_t>(step - policy_.warmup_steps, 0, length);
  const double share = static_cast<double>(done) / static_cast<double>(length);
  return policy_.minimum + (policy_.rate - policy_.minimum) * (1 + std::cos(std::numbers::pi * share)) / 2;
}

double learning_rate_schedule::rate(std::int64_t step) const {
  if (step < 0) fail("step", std::to_string(step), "at least 0");
  double rate = policy_.rate;
  if (policy_.kind == learning_rate_kind::plateau) rate = state_.rate;
  if (policy_.kind == learning_rate_kind::steps) rate = rate_in_steps(step);
  if (policy_.kind == learning_rate_kind::cosine) rate = rate_on_cosine(step);
  if (step < policy_.warmup_steps)
    rate *= static_cast<double>(step + 1) / static_cast<double>(policy_.warmup_steps);
  return rate;
}

// Multiplied as the rate is, so that the last reduction ends on it to the bit.
double learning_rate_schedule::lowest() const {
  if (policy_.reductions == 0) return policy_.minimum;
  double rate = policy_.rate;
  for (std::int64_t i = 0; i < policy_.reductions && rate > policy_.minimum; ++i)
    rate *= policy_.factor;
  return std::max(rate, policy_.minimum);
}

void learning_rate_schedule::epoch_finished(double metric) {
  ++state_.epochs_finished;
  if (policy_.kind != learning_rate_kind::plateau) return;
  const bool improved = policy_.mode == metric_mode::max ? metric > state_.best * (1 + policy_.threshold)
                                                         : metric < state_.best * (1 - policy_.threshold);
  if (improved) {
    state_.best = metric;
    state_.bad_epochs = 0;
    return;
  }
  if (++state_.bad_epochs <= policy_.patience) return;
  const double reduced = std::max(state_.rate * policy_.factor, lowest());
  if (state_.rate - reduced > smallest_reduction) state_.rate = reduced;
  state_.bad_epochs = 0;
}

void learning_rate_schedule::restore(const learning_rate_state &state) {
  if (state.epochs_finished < 0) fail("epochs_finished", std::to_string(state.epochs_finished), "at least 0");
  const bool plateau = policy_.kind == learning_rate_kind::plateau;
  const double least = plateau ? lowest() : policy_.rate;
  if (!(state.rate > 0 && state.rate >= least && state.rate <= policy_.rate))
    fail("rate", number_text(state.rate),
         plateau ? "a number above 0, from " + number_text(least) + " to " + number_text(policy_.rate)
                 : number_text(policy_.rate));
  const std::int64_t most = plateau ? std::min(policy_.patience, state.epochs_finished) : 0;
  if (state.bad_epochs < 0 || state.bad_epochs > most)
    fail("bad_epochs", std::to_string(state.bad_epochs), "0 to " + std::to_string(most));
  if (std::isnan(state.best)) fail("best", number_text(state.best), "a metric");
  state_ = state;
}

std::string learning_rate_schedule::description() const {
  std::string text = number_text(policy_.rate);
  if (policy_.kind == learning_rate_kind::plateau) text += plateau_text(policy_);
  if (policy_.kind == learning_rate_kind::steps) text += milestones_text(policy_);
  if (policy_.kind == learning_rate_kind::cosine) {
    text += " to " + number_text(policy_.minimum) + " along a cosine of ";
    text += with_unit(policy_.cosine_steps > 0 ? policy_.cosine_steps
                                               : steps_per_epoch_ * epochs_ - policy_.warmup_steps,
                      "step");
  }
  if (policy_.warmup_steps > 0) text += ", after a warm-up of " + with_unit(policy_.warmup_steps, "step");
  return text;
}

} // namespace vggen
