// A schedule: how an operator's stages are computed, under a name, with integer parameters.
//
// A schedule is one source file that registers itself:
//
//     void schedule_rows(conv_stages &stages, const schedule_request &request) { ... }
//     const vggen::register_schedule<vggen::conv_stages> rows{{.name = "rows", .apply = schedule_rows, ...}};
//
// CMake's vggen_add_schedule() adds such a file, from anywhere, to vggen-compile.
#pragma once

#include <vggen/net/signature.hpp>

#include <Halide.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vggen {

/// Values of a schedule's parameters by name.
using schedule_parameters = std::map<std::string, int>;

/// Represents one integer parameter of a schedule.
struct parameter_range {
  std::string name;
  int low = 1;
  int high = 1;
};

/// What a schedule is asked to do.
struct schedule_request {
  signature kernel;
  Halide::Target target;
  schedule_parameters parameters; ///< a value for each that the schedule has

  [[nodiscard]] int operator[](const std::string &name) const { return parameters.at(name); }
  /// The value of a parameter; `absent` where the schedule has none of that name.
  [[nodiscard]] int value_or(const std::string &name, int absent) const {
    const auto found = parameters.find(name);
    return found == parameters.end() ? absent : found->second;
  }
};

/// How a layer's weights are packed.
struct weight_layout {
  int panel = 1;              ///< of a convolution: output channels in a panel
  int winograd = 0;           ///< transformed for Winograd tiles of so many outputs; 0: as they are
  bool window_inside = false; ///< an input channel's window lies together; else a tap's input channels do
  int bf16_lanes = 0;         ///< of a fully connected layer: bfloat16, for vectors of so many words
};

/// The part of a schedule that does not depend on an operator's stages.
struct schedule_info {
  std::string name;
  bool is_default = false; ///< what a kernel gets for which no schedule is chosen, and none is cheaper
  /// Computes the plain sums. Others (Winograd's) are faster and round more; `ACCURACY exact` is without
  /// them.
  bool exact = true;
  /// For kernels that run on a GPU; the others are for those on the processor itself.
  bool on_device = false;
  /// Taken only where a schedule file names it: no estimate and no search of vggen-tune's chooses it. It is
  /// for schedules that round more than `ACCURACY fast` allows, which a user has to want.
  bool on_request = false;
  std::vector<parameter_range> parameters{};
  /// Good values for the parameters by the kernel's shape and the target: what holds when nobody tuned. It
  /// fills in what `request.parameters` does not have; what is there it may take into account.
  std::function<schedule_parameters(const schedule_request &)> defaults{};
  /// A Halide autoscheduler (Mullapudi2016, Adams2019) that does the work, with this schedule's parameters as
  /// its own; empty for schedules written by hand.
  std::string autoscheduler{};
  /// How it wants the weights; none: of a convolution all channels are one panel, a fully connected layer's
  /// are used where the file has them.
  std::function<weight_layout(const schedule_request &)> layout{};
  /// What a call takes, roughly, in cycles of one core; infinity: it is not for such a kernel. Where nobody
  /// tuned, the cheapest schedule of those that have this is taken. `request` has all parameters.
  std::function<double(const schedule_request &)> cost{};
  /// Multiply-adds of the algorithm, where they are fewer than those of the plain sums: Winograd's products.
  std::function<std::int64_t(const schedule_request &)> multiply_adds{};
  /// The numerical budget: the largest error, relative to the largest value of the output, against double
  /// precision. It was measured over the operators' test cases on all targets, and tests hold it to that.
  std::function<double(const schedule_request &)> error{};
};

/// An error that does not depend on parameters.
inline std::function<double(const schedule_request &)> measured_error(double error) {
  return [error](const schedule_request &) { return error; };
}

/// Represents a schedule for operators whose stages are a Stages.
template <class Stages> struct schedule : schedule_info {
  std::function<void(Stages &, const schedule_request &)> apply{};
};

/// All registered schedules for a type of stages.
template <class Stages> std::vector<schedule<Stages>> &schedules() {
  static std::vector<schedule<Stages>> all;
  return all;
}

/// Registers a schedule while the program starts.
template <class Stages> struct register_schedule {
  explicit register_schedule(schedule<Stages> s) { schedules<Stages>().push_back(std::move(s)); }
};

} // namespace vggen
