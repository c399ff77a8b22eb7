// The tensors of one kernel's call, filled with seeded numbers, and the call.
#pragma once

#include <vggen/core/kernel.hpp>
#include <vggen/core/memory.hpp>

#include <cstdint>
#include <span>

namespace vggen {

/// Represents floats in aligned memory.
class float_block {
public:
  /// Throws std::bad_alloc.
  void resize(std::int64_t count);
  [[nodiscard]] float *data() const { return reinterpret_cast<float *>(memory_.data()); }
  [[nodiscard]] std::int64_t size() const { return count_; }
  [[nodiscard]] std::span<float> values() const { return {data(), static_cast<std::size_t>(count_)}; }

private:
  memory_block memory_;
  std::int64_t count_ = 0;
};

/// Represents a kernel's operands, [c, x, y, n] and weights as files have them, and its results. Values are
/// in
/// [-1, 1], weights scaled by 1 / sqrt(fan in); what comes out of a relu is not negative.
class kernel_tensors {
public:
  /// For kernels with weights in every direction, and max-pools forward (is_supported). Throws.
  explicit kernel_tensors(const compiled_kernel &kernel);

  /// The kernel can be called from here: it has nothing but tensors for arguments.
  static bool is_supported(const signature &kernel);

  /// Both return 0, or a halide_error_code.
  int pack(void *user_context);
  int run(void *user_context);
  /// Reads the activations, so that the caches have them as after the layer before; returns some sum of them.
  [[nodiscard]] float touch() const;

  float_block input, weights, bias, output_gradient;
  float_block output;      ///< or the input's or the weights' gradient
  float_block bias_output; ///< the bias's gradient

private:
  const compiled_kernel &kernel_;
  float_block packed_;
};

} // namespace vggen
