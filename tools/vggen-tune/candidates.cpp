#include "tools/vggen-tune/candidates.hpp"

#include "generators/operators.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <utility>

namespace vggen {

namespace {

constexpr int few_values = 9;
constexpr double worth_a_try = 1.5;   // times the best estimate: estimates are no better than that
constexpr double worth_a_value = 2.5; // the same for a parameter's value that was not tried yet

bool has_few_values(const parameter_range &range) { return range.high - range.low + 1 <= few_values; }

// All combinations of the values of those parameters that have few.
std::vector<schedule_parameters> combinations(const schedule_info &schedule) {
  std::vector<schedule_parameters> all{{}};
  for (const parameter_range &range : schedule.parameters) {
    if (!has_few_values(range)) continue;
    std::vector<schedule_parameters> longer;
    for (const schedule_parameters &parameters : all)
      for (int value = range.low; value <= range.high; ++value) {
        longer.push_back(parameters);
        longer.back()[range.name] = value;
      }
    all = std::move(longer);
  }
  return all;
}

// Those of parameters with few values.
schedule_parameters few_of(const schedule_info &schedule, const schedule_parameters &parameters) {
  schedule_parameters few;
  for (const parameter_range &range : schedule.parameters)
    if (has_few_values(range)) few[range.name] = parameters.at(range.name);
  return few;
}

std::set<int> values_near(int value) {
  return {value - 1, value + 1, value / 2, value * 2, value * 3 / 2, (value * 2 + 1) / 3};
}

} // namespace

void candidate_source::add(std::vector<estimated> &list, const schedule_info &schedule,
                           const schedule_parameters &parameters) const {
  schedule_request request{.kernel = kernel_, .target = target_, .parameters = parameters};
  try {
    resolve_parameters(schedule, request);
  } catch (const std::invalid_argument &) {
    return; // out of range: a neighbour that is none
  }
  resolved_kernel kernel = resolve_with(kernel_, schedule, request);
  for (const estimated &known : list)
    if (known.kernel.parameters == kernel.parameters) return;
  const double cost = schedule.cost ? schedule.cost(request) : 0;
  if (std::isfinite(cost)) list.push_back({std::move(kernel), cost});
}

std::vector<resolved_kernel> candidate_source::cheapest(std::vector<estimated> list, std::size_t most,
                                                        double limit) {
  std::ranges::stable_sort(list, {}, &estimated::cost);
  std::vector<resolved_kernel> chosen;
  for (const estimated &e : list)
    if (chosen.size() < most && e.cost <= limit) chosen.push_back(e.kernel);
  return chosen;
}

// An estimate tells good values of one parameter from bad ones; between two ways of computing it is often
// wrong. So that of each value of each parameter the cheapest comes first.
std::vector<resolved_kernel> candidate_source::of_each_value(const schedule_info &schedule,
                                                             std::vector<estimated> list, double limit) {
  std::ranges::stable_sort(list, {}, &estimated::cost);
  std::vector<resolved_kernel> chosen;
  std::set<const estimated *> taken;
  for (const parameter_range &range : schedule.parameters) {
    if (!has_few_values(range)) continue;
    std::set<int> seen;
    for (const estimated &e : list) {
      if (e.cost > limit) break;
      if (seen.insert(e.kernel.parameters.at(range.name)).second && taken.insert(&e).second)
        chosen.push_back(e.kernel);
    }
  }
  return chosen;
}

std::vector<resolved_kernel> candidate_source::first(std::size_t most) const {
  std::vector<resolved_kernel> chosen;
  std::vector<std::pair<const schedule_info *, std::vector<estimated>>> lists;
  const operator_family family = family_of(kernel_, target_.has_gpu_feature());
  double best_cost = std::numeric_limits<double>::infinity();
  for (const schedule_info &schedule : family.schedules) {
    if (!allows(schedule)) continue;
    std::vector<estimated> list;
    add(list, schedule, {});
    if (list.empty()) continue; // not for such a kernel
    chosen.push_back(list.front().kernel);
    for (const schedule_parameters &parameters : combinations(schedule))
      add(list, schedule, parameters);
    if (schedule.cost) best_cost = std::min(best_cost, std::ranges::min(list, {}, &estimated::cost).cost);
    lists.emplace_back(&schedule, std::move(list));
  }
  std::vector<estimated> all;
  for (auto &[schedule, list] : lists) {
    const auto values = of_each_value(*schedule, list, best_cost * worth_a_value);
    chosen.insert(chosen.end(), values.begin(), values.end());
    if (schedule->autoscheduler.empty()) all.insert(all.end(), list.begin(), list.end());
  }
  const auto others = cheapest(std::move(all), most, best_cost * worth_a_value);
  chosen.insert(chosen.end(), others.begin(), others.end());
  return chosen;
}

std::vector<resolved_kernel> candidate_source::as(const std::string &schedule,
                                                  const schedule_parameters &parameters) const {
  std::vector<estimated> list;
  const operator_family family = family_of(kernel_, target_.has_gpu_feature());
  for (const schedule_info &known : family.schedules)
    if (known.name == schedule && allows(known)) add(list, known, parameters);
  return cheapest(std::move(list), 1, std::numeric_limits<double>::infinity());
}

std::vector<resolved_kernel> candidate_source::neighbours(const resolved_kernel &best,
                                                          std::size_t most) const {
  std::vector<estimated> list;
  add(list, best.chosen, best.parameters);
  if (list.empty()) return {};
  const double limit = list.front().cost * worth_a_try;
  for (const parameter_range &range : best.chosen.parameters)
    for (const int value : values_near(best.parameters.at(range.name))) {
      schedule_parameters changed = best.parameters;
      changed[range.name] = value;
      add(list, best.chosen, changed);
      changed = few_of(best.chosen, best.parameters); // the others follow
      changed[range.name] = value;
      add(list, best.chosen, changed);
    }
  list.erase(list.begin());
  return cheapest(std::move(list), most, limit);
}

} // namespace vggen
