// What all operators' generators have in common: the signature and the schedule as GeneratorParams, static
// bounds on every buffer, and the accounting of scratch memory.
#pragma once

#include "device_launches.hpp"
#include "extents.hpp"
#include "prefetch.hpp"
#include "schedules/schedule.hpp"
#include "scratch.hpp"
#include "signature_parameters.hpp"
#include "thread_registers.hpp"
#include "vulkan_division.hpp"

#include <Halide.h>

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

namespace vggen {

/// The schedule called `name`, or the default one of those on a device or not, if the name is empty. A wrong
/// name throws.
template <class Stages> const schedule<Stages> &find_schedule(const std::string &name, bool on_device) {
  std::string known;
  for (const auto &s : schedules<Stages>()) {
    if (s.on_device != on_device) continue;
    if (name.empty() ? s.is_default : s.name == name) return s;
    known += (known.empty() ? "" : ", ") + s.name;
  }
  throw std::invalid_argument("there is no schedule '" + name + "'; there are: " + known);
}

/// Checks `given` against what the schedule has, and adds its defaults for the rest. Throws
/// std::invalid_argument.
inline void resolve_parameters(const schedule_info &schedule, schedule_request &request) {
  const auto taken = generator_values(request.kernel);
  for (const auto &range : schedule.parameters)
    if (taken.contains(range.name))
      throw std::logic_error("schedule '" + schedule.name + "': a parameter cannot be called '" + range.name +
                             "', which is the kernel's own");
  for (const auto &[name, value] : request.parameters) {
    const parameter_range *found = nullptr;
    for (const auto &range : schedule.parameters)
      if (range.name == name) found = &range;
    if (!found)
      throw std::invalid_argument("schedule '" + schedule.name + "' has no parameter '" + name + "'");
    if (value < found->low || value > found->high)
      throw std::invalid_argument("parameter '" + name + "' of schedule '" + schedule.name + "' is " +
                                  std::to_string(value) + "; it must be from " + std::to_string(found->low) +
                                  " to " + std::to_string(found->high));
  }
  if (schedule.defaults) request.parameters.merge(schedule.defaults(request));
}

/// Base of the operators' generators. Any parameter of the operator's schedules is a GeneratorParam, too.
template <class Derived, class Stages>
class kernel_generator : public Halide::Generator<Derived>, protected signature_parameters {
public:
  Halide::GeneratorParam<std::string> schedule_name{"schedule", ""};

  void set_generatorparam_value(const std::string &name, const std::string &value) override {
    for (const auto &s : schedules<Stages>())
      for (const auto &range : s.parameters)
        if (range.name == name) {
          given_[name] = std::stoi(value);
          return;
        }
    Halide::Generator<Derived>::set_generatorparam_value(name, value);
  }
  using Halide::Generator<Derived>::set_generatorparam_value;

protected:
  /// The signature that the GeneratorParams ask for.
  [[nodiscard]] signature kernel(operation op, direction dir) const {
    return {.op = op,
            .dir = dir,
            .batch = batch,
            .height = height,
            .width = width,
            .channels = channels,
            .outputs = outputs,
            .filter_height = filter_height,
            .filter_width = filter_width,
            .bias = bias,
            .relu = relu,
            .pool = pool,
            .input_halo = input_halo,
            .output_halo = output_halo,
            .dynamic = dynamic};
  }

  /// The schedule and the values of its parameters.
  schedule_request request(operation op, direction dir = direction::forward) {
    schedule_request r{.kernel = kernel(op, dir), .target = this->get_target(), .parameters = given_};
    resolve_parameters(chosen(), r);
    return r;
  }
  [[nodiscard]] const schedule<Stages> &chosen() const {
    return find_schedule<Stages>(schedule_name, on_device());
  }
  [[nodiscard]] bool on_device() const { return this->get_target().has_gpu_feature(); }

  /// Makes room for scratch buffers of so many dimensions each. A kernel on a device must not ask for memory
  /// when it runs: what it keeps there between two launches it gets from outside, as further outputs. To be
  /// called from configure().
  void add_scratch(std::initializer_list<int> dimensions) {
    for (const int d : dimensions)
      scratch_.push_back(
          this->template add_output<Halide::Buffer<float>>("scratch_" + std::to_string(scratch_.size()), d));
  }
  /// Keeps `func` in the next scratch buffer, which has these extents. To be called from generate().
  void keep_in_scratch(const Halide::Func &func, const std::vector<int> &extents) {
    *scratch_.at(scratch_extents_.size()) = func;
    scratch_extents_.push_back(extents);
  }

  /// Applies the chosen schedule, unless Halide's autoscheduler is at work.
  void apply_schedule(Stages &stages, const schedule_request &r) {
    if (!this->using_autoscheduler() && chosen().apply) chosen().apply(stages, r);
    if (on_device()) {
      this->get_pipeline().add_custom_lowering_pass(new thread_registers, [] {});
      this->get_pipeline().add_custom_lowering_pass(new launch_meter, [] {});
    } else {
      this->get_pipeline().add_custom_lowering_pass(new prefetch_lines, [] {});
    }
    this->get_pipeline().add_custom_lowering_pass(new scratch_meter(on_device()), [] {});
    if (this->get_target().has_feature(Halide::Target::Vulkan))
      this->get_pipeline().add_custom_lowering_pass(new vulkan_division, [] {});
    for (std::size_t i = 0; i < scratch_extents_.size(); ++i) {
      Halide::Region bounds;
      for (const int extent : scratch_extents_[i])
        bounds.emplace_back(0, extent);
      fix(*scratch_[i], bounds);
    }
    measured_scratch().on_device = scratch_extents_;
  }

  /// Fixes the bounds of an activation: [c, x, y, n] with or without a halo.
  template <class Buffer>
  static void fix_image(Buffer &b, int channels, int width, int height, int batch, bool halo) {
    const int edge = halo ? 1 : 0, row = width + 2 * edge, column = height + 2 * edge;
    fix(b, {{0, channels}, {-edge, row}, {-edge, column}, {0, batch}});
    b.set_host_alignment(64);
  }
  template <class Buffer> static void fix_input(Buffer &b, const signature &s) {
    if (s.dynamic)
      fix_dynamic_input(b, s.channels, s.width, s.height, s.batch, s.input_halo);
    else
      fix_image(b, s.channels, s.width, s.height, s.batch, s.input_halo);
  }
  template <class Buffer> static void fix_output(Buffer &b, const signature &s) {
    fix_image(b, s.output_channels(), s.output_width(), s.output_height(), s.batch, s.output_halo);
  }
  /// The same for the output of a kernel whose extents are dynamic or not.
  template <class Buffer>
  static void fix_output(Buffer &b, const signature &s, const image_extents &extents) {
    if (!s.dynamic) return fix_output(b, s);
    const int edge = s.output_halo ? 2 : 0;
    bound(b, {{0, s.output_channels()},
              {-edge / 2, extents.output_width + edge},
              {-edge / 2, extents.output_height + edge},
              {0, s.batch}});
    b.set_host_alignment(64);
  }
  /// Fixes what is not dynamic of an input whose extent is: where it begins, and that it is dense.
  template <class Buffer>
  static void fix_dynamic_input(Buffer &b, int channels, int width, int height, int batch, bool halo) {
    const int edge = halo ? 2 : 0;
    const Halide::Expr row = b.dim(1).extent(), column = b.dim(2).extent();
    b.dim(0).set_bounds(0, channels).set_stride(1);
    b.dim(1).set_min(-edge / 2).set_stride(channels);
    b.dim(2).set_min(-edge / 2).set_stride(channels * row);
    b.dim(3).set_bounds(0, batch).set_stride(channels * row * column);
    b.dim(1).set_estimate(-edge / 2, width + edge);
    b.dim(2).set_estimate(-edge / 2, height + edge);
    b.set_host_alignment(64);
  }
  /// The same for the gradients that backward kernels read and write.
  template <class Buffer> static void fix_output_gradient(Buffer &b, const signature &s) {
    fix_image(b, s.output_channels(), s.output_width(), s.output_height(), s.batch, s.gradient_halo());
  }
  template <class Buffer> static void fix_input_gradient(Buffer &b, const signature &s) {
    fix_image(b, s.channels, s.width, s.height, s.batch, s.output_halo);
  }
  /// Fixes a dense buffer's bounds, {first, extent} of each dimension, and estimates them for autoschedulers.
  template <class Buffer> static void fix(Buffer &b, const Halide::Region &bounds) {
    bound(b, bounds);
    for (int i = 0; i < static_cast<int>(bounds.size()); ++i)
      b.dim(i).set_estimate(bounds[static_cast<std::size_t>(i)].min,
                            bounds[static_cast<std::size_t>(i)].extent);
  }
  template <class Buffer> static void bound(Buffer &b, const Halide::Region &bounds) {
    Halide::Expr stride = 1;
    for (int i = 0; i < static_cast<int>(bounds.size()); ++i) {
      const auto &range = bounds[static_cast<std::size_t>(i)];
      b.dim(i).set_bounds(range.min, range.extent).set_stride(Halide::Internal::simplify(stride));
      stride *= range.extent;
    }
  }

private:
  schedule_parameters given_;
  std::vector<Halide::GeneratorOutput<Halide::Buffer<float>> *> scratch_; ///< Halide owns them
  std::vector<std::vector<int>> scratch_extents_;
};

} // namespace vggen
