// The arguments of one kernel in the order that kernel.hpp says: its buffers, each between guards, and its
// numbers.
#pragma once

#include "buffer_content.hpp"
#include "guarded_buffer.hpp"
#include "operands.hpp"

#include <vggen/core/kernel.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace vggen::test {

/// Represents a buffer that a run must not change.
struct input_buffer {
  std::string_view name;
  guarded_buffer buffer;
  std::uint64_t fingerprint = 0; ///< before the run
};

/// Represents a buffer that a run writes, all of it.
struct output_buffer {
  std::string_view name;       ///< as expected_outputs has it
  std::string_view dimensions; ///< their names: "c, x, y, n"
  guarded_buffer buffer;
  std::vector<float> before; ///< what it holds before the run, if it is changed in place
};

/// Represents the arguments that a kernel is called with, and what they point at.
class kernel_arguments {
public:
  kernel_arguments(const compiled_kernel &kernel, const operands &values, void *user_context);
  kernel_arguments(const kernel_arguments &) = delete; // arguments point into this object
  kernel_arguments &operator=(const kernel_arguments &) = delete;

  std::deque<input_buffer> inputs; // deques: the arguments point at their elements
  std::deque<output_buffer> outputs;
  std::optional<input_buffer> packed; ///< the packed weights, if the kernel wants them packed

  /// Buffers on a device that a run writes before it reads them.
  std::deque<guarded_buffer> scratch;

  /// Gives a device all that the host has, outputs too, so that what a kernel does not write shows; brings
  /// what a kernel left there; frees what it takes. The first two return whether they succeeded.
  [[nodiscard]] bool take_to(device_pool &device, void *user_context);
  [[nodiscard]] bool fetch(device_pool &device, void *user_context);
  void leave(device_pool &device);

  [[nodiscard]] void **of_run() { return run_.data(); }
  [[nodiscard]] void **of_pack() { return pack_.data(); }

private:
  using region = std::vector<bounds>;

  // Each adds the next argument of the run. `content` is in the order of memory.
  template <class T, class Value>
  void add_input(std::string_view name, const region &where, const std::vector<Value> &content);
  void add_output(std::string_view name, std::string_view dimensions, const region &where);
  void add_in_place(std::string_view name, const std::vector<double> &content);
  template <class T> void add_number(T value);

  void add_input_image(const signature &s, const operands &values);
  void add_output_gradient(const signature &s, const operands &values);
  void add_weights(const compiled_kernel &kernel, const operands &values);
  void add_bias(const operands &values);
  void add_draw(const dropout_draw &draw);

  void add_forward(const compiled_kernel &kernel, const operands &values);
  void add_preprocess(const signature &s, const operands &values);
  void add_cross_entropy(const signature &s, const operands &values);
  void add_squared_error(const signature &s, const operands &values);
  void add_sgd(const operands &values);
  void add_batch_norm(const signature &s, const operands &values);
  void add_backward_data(const compiled_kernel &kernel, const operands &values);
  void add_backward_weights(const signature &s, const operands &values);

  void *user_context_;
  std::deque<std::uint64_t> numbers_; ///< each in the first bytes of one
  std::vector<void *> run_, pack_;
};

} // namespace vggen::test
