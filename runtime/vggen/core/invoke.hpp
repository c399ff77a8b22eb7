// Calls compiled kernels: raw pointers in, halide_buffer_t made from the kernel's signature.
#pragma once

#include "vggen/core/kernel.hpp"

namespace vggen {

/// Represents the tensors of one call. Activations are [c, x, y, n] as the signature says, halo included.
struct kernel_operands {
  const float *input = nullptr;
  const float *weights = nullptr; ///< packed, or as files have them: [inputs, outputs]
  const float *bias = nullptr;    ///< [outputs]
  float *output = nullptr;
};

/// Runs any forward kernel but preprocess. Returns 0, or a halide_error_code.
int invoke(const compiled_kernel &kernel, void *user_context, const kernel_operands &operands) noexcept;

/// Runs a preprocess kernel. images: u8 [c, x, y, n]; constants: [c, {divisor, mean, deviation}].
int invoke_preprocess(const compiled_kernel &kernel, void *user_context, const std::uint8_t *images,
                      const float *constants, bool reverse_channels, float *output) noexcept;

/// Packs a layer's weights [x, y, inputs, outputs] (a file's OIHW), or [inputs, outputs] where fully
/// connected, for `kernel`.
int invoke_pack(const compiled_kernel &kernel, void *user_context, const float *weights,
                float *packed) noexcept;

/// Packs some of a fully connected layer's rows: weights [inputs, rows].
int invoke_pack_rows(const compiled_kernel &kernel, void *user_context, int rows, const float *weights,
                     float *packed) noexcept;

} // namespace vggen
