// Calls the kernels that only training has: raw pointers in, halide_buffer_t made from the kernel's
// signature.
#pragma once

#include "vggen/core/kernel.hpp"

#include <cstdint>

namespace vggen {

/// What decides which elements a dropout layer drops.
struct dropout_draw {
  float probability = 0;
  std::uint64_t seed = 0;
  std::uint32_t step = 0;  ///< of training, from 0
  std::uint32_t layer = 0; ///< its index in the network
};

/// Represents the tensors of one backward call. Each is what kernel.hpp says; those that a kernel does not
/// take may be null.
struct backward_operands {
  const float *output_gradient = nullptr;
  const float *weights = nullptr;
  const float *input = nullptr;
  float *input_gradient = nullptr;
  float *weight_gradient = nullptr; ///< as files have it: [outputs, inputs, height, width]
  float *bias_gradient = nullptr;
};

/// How sgd changes parameters.
struct sgd_arguments {
  float learning_rate = 0;
  float momentum = 0;
  float weight_decay = 0;   ///< times the value, added to the gradient
  float gradient_scale = 1; ///< the gradient is multiplied by it first
  bool nesterov = false;
};

// All return 0, or a halide_error_code.

int invoke_dropout(const compiled_kernel &kernel, void *user_context, const float *input,
                   const dropout_draw &draw, float *output) noexcept;

/// Any backward-data or backward-weights kernel; `draw` is for dropout's.
int invoke_backward(const compiled_kernel &kernel, void *user_context, const backward_operands &operands,
                    const dropout_draw &draw = {}) noexcept;

/// Represents what the kernels of a batch norm read, and the statistics that the forward one writes.
struct batch_norm_operands {
  const float *input = nullptr;
  int images = 0;               ///< the first so many count
  const float *scale = nullptr; ///< [c]
  const float *shift = nullptr; ///< [c]
  float *statistics = nullptr;  ///< [c, {mean, variance}] of the images that count
};

int invoke_batch_norm(const compiled_kernel &kernel, void *user_context, const batch_norm_operands &operands,
                      float *output) noexcept;

/// Backward-weights writes the gradients of scale and shift, [c]; backward-data reads them, and writes the
/// input's.
int invoke_batch_norm_backward(const compiled_kernel &kernel, void *user_context,
                               const batch_norm_operands &operands, const float *output_gradient,
                               float *scale_gradient, float *shift_gradient, float *input_gradient) noexcept;

/// labels: [image], negative for one that does not count. weight: what the gradients are multiplied by.
/// losses: [image]. gradient: of the logits.
int invoke_cross_entropy(const compiled_kernel &kernel, void *user_context, const float *logits,
                         const std::int32_t *labels, float smoothing, float weight, float *losses,
                         float *gradient) noexcept;

/// Half the squared distance of each image's values to its targets [image][number], and the gradient of
/// weight * their sum. Of values for each class, those of the image's label count. An image with a negative
/// label has no part: its loss and its gradient are zero.
int invoke_squared_error(const compiled_kernel &kernel, void *user_context, const float *values,
                         const float *targets, const std::int32_t *labels, float weight, float *losses,
                         float *gradient) noexcept;

/// One update of `count` parameters. All three are 64-byte aligned.
int invoke_sgd(const compiled_kernel &kernel, void *user_context, std::int64_t count, const float *gradients,
               const sgd_arguments &arguments, float *values, float *momenta) noexcept;

} // namespace vggen
