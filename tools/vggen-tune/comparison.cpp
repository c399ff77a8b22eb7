#include "tools/vggen-tune/comparison.hpp"

#include "generators/operators.hpp"
#include "tools/compiler/schedule_database.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <fstream>
#include <stdexcept>

namespace vggen {

namespace {

resolved_kernel read_candidate(const nlohmann::json &item, const Halide::Target &target) {
  const auto kernel = parse_signature(item.at("kernel").get<std::string>());
  if (!kernel) throw std::invalid_argument("the kernel is not a signature in its canonical form");
  const std::string name = item.at("schedule");
  schedule_request request{.kernel = *kernel, .target = target, .parameters = {}};
  if (item.contains("parameters")) request.parameters = item["parameters"].get<schedule_parameters>();
  for (const schedule_info &schedule : family_of(*kernel, target.has_gpu_feature()).schedules) {
    if (schedule.name != name) continue;
    resolve_parameters(schedule, request);
    return resolve_with(*kernel, schedule, request);
  }
  throw std::invalid_argument("there is no schedule '" + name + "' for such a kernel");
}

std::deque<candidate> read_candidates(const std::filesystem::path &file, const Halide::Target &target) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file.string() + ": cannot be read");
  std::string where = file.string();
  try {
    std::deque<candidate> candidates;
    const auto json = nlohmann::json::parse(in);
    for (const auto &item : json.at("kernels")) {
      where = file.string() + ": entry " + std::to_string(candidates.size() + 1);
      candidates.push_back({.planned = plan_kernel(read_candidate(item, target), target)});
    }
    return candidates;
  } catch (const std::exception &e) {
    throw std::runtime_error(where + ": " + e.what());
  }
}

} // namespace

void compare_schedules(const std::filesystem::path &file, const Halide::Target &target,
                       const trial_settings &trials, int rounds) {
  std::deque<candidate> candidates = read_candidates(file, target);
  std::vector<candidate *> all;
  all.reserve(candidates.size());
  for (candidate &c : candidates)
    all.push_back(&c);
  build(all, trials);
  std::vector<std::vector<double>> ms(candidates.size());
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      candidate &c = candidates[i];
      if (!c.failure.empty()) continue;
      try {
        const measurement m = measure(c, trials, round == 0);
        if (round == 0) c.checked = m;
        ms[i].push_back(m.ms);
      } catch (const std::exception &e) {
        c.failure = e.what();
      }
    }
  std::string kernel;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const candidate &c = candidates[i];
    if (c.planned.kernel.text != kernel) std::printf("%s\n", (kernel = c.planned.kernel.text).c_str());
    if (!c.failure.empty()) {
      std::printf("     failed: %s: %s\n", c.planned.kernel.schedule_text().c_str(), c.failure.c_str());
      continue;
    }
    std::ranges::sort(ms[i]);
    const double median = ms[i][ms[i].size() / 2];
    std::printf("  %9.3f ms %8.1f GFLOP/s  error %.1e  %s\n", median,
                2e-6 * static_cast<double>(c.planned.kernel.kernel.multiply_adds()) / median, c.checked.error,
                c.planned.kernel.schedule_text().c_str());
  }
}

} // namespace vggen
