#include "tools/vggen-tune/kernel_search.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <stdexcept>

namespace vggen {

namespace {

constexpr double worth_a_round = 1.12; // times the best: those slower are out after one measurement
constexpr std::size_t most_compared = 6;
constexpr double worth_a_change = 0.99; // of the default's time: less is noise

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// What rounding may come to, whatever a schedule says of itself (docs/schedules.md).
double budget_of(const resolved_kernel &kernel) {
  if (kernel.chosen.exact) return 1e-5;
  return kernel.kernel.dir == direction::forward ? 5e-5 : 1e-4;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1e", value);
  return text;
}

std::string fixed(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

// Milliseconds, with those that the memory of packed weights is worth.
double price_of(const candidate &c, const search_settings &settings) {
  return c.ms + settings.for_memory * 1e-8 * static_cast<double>(sizeof(float)) *
                    static_cast<double>(c.planned.packed_size);
}

} // namespace

kernel_search::kernel_search(const signature &kernel, const Halide::Target &target, accuracy allowed,
                             const trial_settings &trials, std::function<void(const std::string &)> note,
                             std::function<void(std::size_t, double)> progress)
    : kernel_(kernel), target_(target), allowed_(allowed), source_(kernel, target, allowed), trials_(trials),
      note_(std::move(note)), progress_(std::move(progress)) {}

void kernel_search::add(const std::vector<resolved_kernel> &kernels) {
  for (const resolved_kernel &k : kernels) {
    candidate c{.planned = plan_kernel(k, target_)};
    const bool known = std::ranges::any_of(
        candidates_, [&](const candidate &other) { return other.planned.job.key == c.planned.job.key; });
    if (!known) candidates_.push_back(std::move(c));
  }
}

void kernel_search::fail(candidate &c, const std::string &why) {
  c.failure = why;
  note_(c.planned.kernel.text + ", " + c.planned.kernel.schedule_text() + ": " + why);
}

std::string kernel_search::wrong_with(const candidate &c) const {
  const measurement &m = c.checked;
  if (!m.finite) return "it computes what is no number";
  if (!m.zero_halo) return "its halo is not zero";
  const double most =
      std::min(budget_of(c.planned.kernel),
               c.planned.kernel.error > 0 ? c.planned.kernel.error : budget_of(c.planned.kernel));
  if (!(m.error <= most))
    return "it computes wrong numbers: " + number(m.error) + " from double precision, more than " +
           number(most);
  // where no sample fell: all of the output against the default's
  const measurement &d = untuned().checked;
  const double tolerance = 1e-3 * d.norm;
  if (&c != &untuned() &&
      !(std::abs(m.norm - d.norm) <= tolerance && std::abs(m.projection - d.projection) <= tolerance))
    return "it computes wrong numbers: its output as a whole is not the default schedule's";
  return "";
}

void kernel_search::first_measurement(candidate &c) {
  try {
    c.checked = measure(c, trials_, true);
    c.ms = c.checked.ms;
  } catch (const std::exception &e) {
    fail(c, e.what());
    return;
  }
  if (const std::string wrong = wrong_with(c); !wrong.empty()) fail(c, wrong);
}

void kernel_search::time_new(bool verbose) {
  std::vector<candidate *> fresh;
  for (std::size_t i = timed_; i < candidates_.size(); ++i)
    fresh.push_back(&candidates_[i]);
  build(fresh, trials_);
  for (candidate *c : fresh) {
    ++timed_;
    if (c->failure.empty())
      first_measurement(*c);
    else
      fail(*c, c->failure);
    if (c->failure.empty() && (!best_ || c->ms < best_->ms)) best_ = c;
    if (verbose && c->failure.empty())
      note_("tried: " + fixed(c->ms, 3) + " ms, compiled in " + fixed(c->seconds, 1) + " s, " +
            c->planned.kernel.schedule_text());
    progress_(timed_, best_ ? best_->ms : 0);
  }
}

void kernel_search::measure_default() {
  add({schedule_database(allowed_, target_.has_gpu_feature()).resolve(kernel_, target_)});
  time_new(false);
  if (!best_) throw std::runtime_error("the schedule it has without tuning fails");
}

// The default, the fastest, and those that are almost as fast with smaller weights than all faster ones.
std::vector<candidate *> kernel_search::worth_comparing(const search_settings &settings) {
  const double most = std::max(best_->ms * worth_a_round, price_of(*best_, settings));
  std::vector<candidate *> close, chosen;
  for (candidate &c : candidates_)
    if (c.failure.empty() && c.ms <= most) close.push_back(&c);
  std::ranges::sort(close, {}, &candidate::ms);
  std::int64_t smallest = std::numeric_limits<std::int64_t>::max();
  for (candidate *const c : close) {
    if (chosen.size() < most_compared || c->planned.packed_size < smallest) chosen.push_back(c);
    smallest = std::min(smallest, c->planned.packed_size);
  }
  candidate *const untuned = &candidates_.front();
  if (std::ranges::find(chosen, untuned) == chosen.end()) chosen.push_back(untuned);
  return chosen;
}

// Times them in turns; what disturbs a round disturbs all in it.
void kernel_search::compare(const search_settings &settings) {
  const std::vector<candidate *> chosen = worth_comparing(settings);
  if (chosen.size() == 1) return;
  candidate *const untuned = &candidates_.front();
  std::vector<std::vector<double>> ratios(chosen.size());
  std::vector<double> of_default;
  std::minstd_rand random(1);
  for (int round = 0; round < settings.rounds; ++round) {
    std::vector<double> ms(chosen.size());
    std::vector<std::size_t> order(chosen.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t i : order) {
      if (!chosen[i]->failure.empty()) continue;
      try {
        ms[i] = measure(*chosen[i], trials_, false).ms;
      } catch (const std::exception &e) {
        fail(*chosen[i], e.what());
      }
    }
    const auto at = static_cast<std::size_t>(std::ranges::find(chosen, untuned) - chosen.begin());
    if (!untuned->failure.empty()) throw std::runtime_error("the schedule it has without tuning fails");
    of_default.push_back(ms[at]);
    for (std::size_t i = 0; i < chosen.size(); ++i)
      if (ms[i] > 0) ratios[i].push_back(ms[i] / ms[at]);
    progress_(timed_, best_->ms);
  }
  const double base = median(of_default);
  best_ = untuned;
  untuned->ms = base;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (!chosen[i]->failure.empty() || ratios[i].empty()) continue;
    chosen[i]->ms = base * median(ratios[i]);
    if (chosen[i]->ms < best_->ms) best_ = chosen[i];
  }
  if (best_->ms > untuned->ms * worth_a_change) best_ = untuned;
  const std::int64_t most = best_->planned.packed_size; // what is as large is a matter of speed alone
  for (candidate *const c : chosen) {
    if (settings.verbose && c->failure.empty())
      note_("compared: " + fixed(c->ms, 3) + " ms, " + std::to_string(c->planned.packed_size * 4) +
            " bytes packed, " + c->planned.kernel.schedule_text());
    if (c->failure.empty() && c->planned.packed_size < most &&
        price_of(*c, settings) < price_of(*best_, settings))
      best_ = c;
  }
}

void kernel_search::add_hint(const std::string &schedule, const schedule_parameters &parameters) {
  add(source_.as(schedule, parameters));
}

void kernel_search::run(const search_settings &settings) {
  add(source_.first(static_cast<std::size_t>(settings.first)));
  time_new(settings.verbose);
  for (int generation = 0; generation < settings.generations; ++generation) {
    const double before = best_->ms;
    const candidate *const start = best_;
    add(source_.neighbours(start->planned.kernel, static_cast<std::size_t>(settings.neighbours)));
    if (timed_ == candidates_.size()) break;
    time_new(settings.verbose);
    if (best_ == start || best_->ms > before * worth_a_change) break;
  }
  compare(settings);
}

std::size_t kernel_search::failed() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(candidates_, [](const candidate &c) { return !c.failure.empty(); }));
}

} // namespace vggen
