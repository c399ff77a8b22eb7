// One call of a compiled kernel: its arguments, built from operands, each between guards.
#pragma once

#include "guarded_buffer.hpp"
#include "random_operands.hpp"

#include <vggen/core/execution.hpp>
#include <vggen/core/kernel.hpp>

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vggen::test {

/// Represents a kernel with its arguments. Used as: poison, pack, run, problem, output.
class kernel_call {
public:
  kernel_call(const compiled_kernel &kernel, const operands &values);
  kernel_call(const kernel_call &) = delete; // arguments point into this object
  kernel_call &operator=(const kernel_call &) = delete;

  /// Fills all guards, the output and the packed weights with the pattern. (The output gets a neighbour of
  /// it, to tell what was not written from what was read from a guard.)
  void poison(std::uint32_t pattern);
  /// Packs the weights, if the kernel wants them packed. Returns the kernel's code, as `run` does.
  int pack();
  int run();
  /// What the last run should not have done, in words: memory changed that it does not own, output not
  /// written, a halo that is not zero. Empty if all is well.
  [[nodiscard]] std::string problem() const;

  /// The output's memory, halo included: [c, x, y, n].
  [[nodiscard]] std::span<const float> raw_output() const { return output_.data<float>(); }
  /// The output without its halo.
  [[nodiscard]] tensor output() const;
  /// Bytes that one run must at least read and write: the size of its arguments.
  [[nodiscard]] std::int64_t bytes() const;

private:
  /// Represents a buffer that a run must not change.
  struct input {
    const char *name;
    guarded_buffer buffer;
    std::uint64_t fingerprint = 0; ///< before the run
  };

  guarded_buffer &add_input(const char *name, halide_type_t type, std::initializer_list<bounds> region);

  const compiled_kernel &kernel_;
  std::deque<input> inputs_;    ///< a deque: the arguments point at its elements
  std::optional<input> packed_; ///< the packed weights, if the kernel wants them packed
  guarded_buffer output_;
  execution execution_; ///< with exactly the scratch that the kernel says it needs
  void *user_context_ = nullptr;
  bool reverse_ = false;
  std::uint32_t pattern_ = 0, output_pattern_ = 0;
  std::vector<void *> run_arguments_, pack_arguments_;
};

} // namespace vggen::test
