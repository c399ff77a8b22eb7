#include "vggen/train/learning_rate.hpp"

#include <vggen/io/error.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <sstream>

namespace vggen {

namespace {

void check(bool good, const char *name, double value, const char *expected) {
  if (good) return;
  std::ostringstream text;
  text << name << ": found " << value << ", expected " << expected;
  throw error(error_code::invalid_argument, text.str());
}

} // namespace

learning_rate_schedule::learning_rate_schedule(const learning_rate_policy &policy,
                                               std::int64_t steps_in_epoch, int epochs)
    : policy_(policy), steps_in_epoch_(steps_in_epoch), epochs_(epochs) {
  check(policy.rate > 0 && std::isfinite(policy.rate), "learning rate", policy.rate, "above 0");
  check(policy.minimum >= 0 && policy.minimum <= policy.rate, "minimum of the learning rate", policy.minimum,
        "0 to the learning rate");
  check(policy.factor > 0 && policy.factor < 1, "factor of the learning rate", policy.factor,
        "between 0 and 1");
  check(policy.warm_up >= 0 && policy.warm_up <= epochs, "warm-up", policy.warm_up,
        "0 to the number of epochs");
  check(policy.patience >= 0, "patience", policy.patience, "at least 0");
  check(policy.threshold >= 0 && std::isfinite(policy.threshold), "threshold", policy.threshold,
        "at least 0");
  check(std::ranges::is_sorted(policy.milestones), "milestones",
        static_cast<double>(policy.milestones.size()), "epochs in ascending order");
  check(steps_in_epoch >= 1, "steps in an epoch", static_cast<double>(steps_in_epoch), "at least 1");
  check(epochs >= 1, "epochs", epochs, "at least 1");
}

double learning_rate_schedule::rate(std::int64_t step) const {
  const double warm = std::round(policy_.warm_up * static_cast<double>(steps_in_epoch_)),
               at = static_cast<double>(step);
  if (at < warm) return policy_.rate * (at + 1) / warm;
  const auto at_least_minimum = [&](double rate) { return std::max(rate, policy_.minimum); };
  switch (policy_.kind) {
  case rate_policy::constant:
    return policy_.rate;
  case rate_policy::plateau:
    return at_least_minimum(policy_.rate * state_.scale);
  case rate_policy::steps: {
    const auto passed =
        std::ranges::upper_bound(policy_.milestones, step / steps_in_epoch_) - policy_.milestones.begin();
    return at_least_minimum(policy_.rate * std::pow(policy_.factor, static_cast<double>(passed)));
  }
  case rate_policy::cosine:
    break;
  }
  const double all = static_cast<double>(steps_in_epoch_) * epochs_ - warm;
  const double done = all > 0 ? std::min(1.0, (at - warm) / all) : 1;
  return policy_.minimum + (policy_.rate - policy_.minimum) * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

void learning_rate_schedule::epoch_finished(double accuracy) {
  if (state_.best < 0 || accuracy > state_.best * (1 + policy_.threshold)) {
    state_.best = accuracy;
    state_.bad_epochs = 0;
    return;
  }
  if (++state_.bad_epochs <= policy_.patience) return;
  state_.scale *= policy_.factor;
  state_.bad_epochs = 0;
}

std::string learning_rate_schedule::description() const {
  std::ostringstream text;
  text << policy_.rate;
  if (policy_.kind == rate_policy::constant) text << ", constant";
  if (policy_.kind == rate_policy::plateau)
    text << ", times " << policy_.factor << " when the accuracy has not improved for more than "
         << policy_.patience << " epochs";
  if (policy_.kind == rate_policy::steps) {
    text << ", times " << policy_.factor << " before epochs";
    for (const int epoch : policy_.milestones)
      text << ' ' << epoch + 1;
  }
  if (policy_.kind == rate_policy::cosine) text << ", falling as a cosine over " << epochs_ << " epochs";
  if (policy_.minimum > 0) text << ", at least " << policy_.minimum;
  if (policy_.warm_up > 0) text << ", after a warm-up of " << policy_.warm_up << " epochs";
  return text.str();
}

} // namespace vggen
