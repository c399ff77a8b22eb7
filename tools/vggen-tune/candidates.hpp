// Which schedules and parameters are worth a try for a kernel.
//
// A schedule says what its parameters' ranges are, works out good values for those that are not given, and
// may estimate what a call costs. That is enough to search any of them: all combinations of the parameters
// with few values, the others following; then the neighbours of the best so far.
#pragma once

#include "tools/compiler/schedule_database.hpp"

#include <vggen/net/signature.hpp>

#include <Halide.h>

#include <vector>

namespace vggen {

/// Makes candidates for one kernel and target.
class candidate_source {
public:
  candidate_source(const signature &kernel, const Halide::Target &target, accuracy allowed)
      : kernel_(kernel), target_(target), allowed_(allowed) {}

  /// Of each schedule that is allowed, and not on request only, its defaults and, for each value of each
  /// parameter with few, the combination that it estimates to be the cheapest; and `most` of the cheapest of
  /// all.
  [[nodiscard]] std::vector<resolved_kernel> first(std::size_t most) const;

  /// What another kernel got, for this one; nothing if it is not for such a kernel, or not allowed.
  [[nodiscard]] std::vector<resolved_kernel> as(const std::string &schedule,
                                                const schedule_parameters &parameters) const;

  /// The same schedule with one parameter changed: those `most` that it estimates to be the cheapest, and
  /// nothing that it estimates to be much more expensive than `best`.
  [[nodiscard]] std::vector<resolved_kernel> neighbours(const resolved_kernel &best, std::size_t most) const;

private:
  struct estimated {
    resolved_kernel kernel;
    double cost = 0;
  };
  [[nodiscard]] bool allows(const schedule_info &schedule) const {
    return !schedule.on_request && (schedule.exact || allowed_ == accuracy::fast);
  }
  void add(std::vector<estimated> &list, const schedule_info &schedule,
           const schedule_parameters &parameters) const;
  static std::vector<resolved_kernel> of_each_value(const schedule_info &schedule,
                                                    std::vector<estimated> list, double limit);
  static std::vector<resolved_kernel> cheapest(std::vector<estimated> list, std::size_t most, double limit);

  signature kernel_;
  Halide::Target target_;
  accuracy allowed_;
};

} // namespace vggen
