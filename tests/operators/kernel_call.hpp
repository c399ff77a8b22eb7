// One call of a compiled kernel, and what it must not do to memory.
#pragma once

#include "kernel_arguments.hpp"
#include "operands.hpp"

#include <vggen/core/execution.hpp>
#include <vggen/core/kernel.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace vggen::test {

/// Where kernels that are called from now on run: on a device, or (null, as at first) on the processor
/// itself.
void run_kernels_on(device_pool *pool);

/// Represents a kernel with its arguments. Used as: poison, pack, run, problem, output.
class kernel_call {
public:
  kernel_call(const compiled_kernel &kernel, const operands &values, int threads = 2);
  ~kernel_call();
  kernel_call(const kernel_call &) = delete;
  kernel_call &operator=(const kernel_call &) = delete;

  /// Fills all guards, the outputs and the packed weights with the pattern. (Outputs get a neighbour of it,
  /// to tell what was not written from what was read from a guard.) What is changed in place gets its values
  /// from before the first run.
  void poison(std::uint32_t pattern);
  /// Packs the weights, if the kernel wants them packed. Returns the kernel's code, as `run` does.
  int pack();
  int run();
  /// What the last run should not have done, in words: memory changed that it does not own, output not
  /// written, a halo that is not zero. Empty if all is well.
  [[nodiscard]] std::string problem() const;

  /// The outputs, as expected_outputs has them: how many, their names, their content without a halo.
  [[nodiscard]] std::size_t outputs() const { return arguments_.outputs.size(); }
  [[nodiscard]] std::string_view name(std::size_t output) const { return arguments_.outputs[output].name; }
  [[nodiscard]] array output(std::size_t output) const {
    return content_of(arguments_.outputs[output].buffer);
  }
  /// The memory of an output, halo included.
  [[nodiscard]] std::span<const float> raw_output(std::size_t output) const {
    return arguments_.outputs[output].buffer.data<float>();
  }
  [[nodiscard]] int threads() const { return execution_.threads(); }

  /// What a kernel that failed said of it.
  [[nodiscard]] const char *message() const { return execution_.message(); }

private:
  void take_to_device();
  void fetch();

  const compiled_kernel &kernel_;
  execution execution_; ///< with exactly the scratch that the kernel says it needs
  kernel_arguments arguments_;
  std::uint32_t pattern_ = 0, output_pattern_ = 0;
};

} // namespace vggen::test
