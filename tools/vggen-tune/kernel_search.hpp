// The search for one kernel.
#pragma once

#include "tools/vggen-tune/candidates.hpp"
#include "tools/vggen-tune/trial.hpp"

#include <deque>
#include <functional>
#include <string>

namespace vggen {

/// How long a search goes on.
struct search_settings {
  int first = 8;       ///< candidates of the first generation beside defaults, hints and each value's
  int neighbours = 8;  ///< of each generation after it
  int generations = 5; ///< at most, after the first
  int rounds = 5;      ///< that the best candidates are compared in
  /// Milliseconds that may be given up for each 100 MB less of packed weights, which are memory and the time
  /// to the first result.
  double for_memory = 0.5;
  bool verbose = false; ///< a line for each candidate
};

/// Represents the candidates of one kernel. The first one is what the kernel gets without tuning.
class kernel_search {
public:
  /// `note` is told of candidates that fail; `progress` of each measurement: how many were tried, and the
  /// best time.
  kernel_search(const signature &kernel, const Halide::Target &target, accuracy allowed,
                const trial_settings &trials, std::function<void(const std::string &)> note,
                std::function<void(std::size_t, double)> progress);

  /// Times what the kernel gets without tuning. Throws if that fails.
  void measure_default();

  /// Tries what another kernel got, too.
  void add_hint(const std::string &schedule, const schedule_parameters &parameters);

  /// Searches. What is best is what was faster than the default in most rounds that both took part in.
  void run(const search_settings &settings);

  [[nodiscard]] const candidate &untuned() const { return candidates_.front(); }
  [[nodiscard]] const candidate &best() const { return *best_; }
  [[nodiscard]] const signature &kernel() const { return kernel_; }
  [[nodiscard]] std::size_t tried() const { return candidates_.size(); }
  [[nodiscard]] std::size_t failed() const;

private:
  void add(const std::vector<resolved_kernel> &kernels);
  void time_new(bool verbose);
  void first_measurement(candidate &c);
  [[nodiscard]] std::vector<candidate *> worth_comparing(const search_settings &settings);
  void compare(const search_settings &settings);
  [[nodiscard]] std::string wrong_with(const candidate &c) const;
  void fail(candidate &c, const std::string &why);

  signature kernel_;
  Halide::Target target_;
  accuracy allowed_;
  candidate_source source_;
  const trial_settings &trials_;
  std::function<void(const std::string &)> note_;
  std::function<void(std::size_t, double)> progress_;
  std::deque<candidate> candidates_; // pointers to them stay
  std::size_t timed_ = 0;            // of candidates_
  candidate *best_ = nullptr;
};

} // namespace vggen
