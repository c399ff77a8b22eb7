#include "vggen/core/invoke.hpp"

#include "vggen/core/arguments.hpp"
#include "vggen/core/buffers.hpp"

#include <cstdint>

namespace vggen {

using namespace detail;

int invoke(const compiled_kernel &kernel, void *user_context, const kernel_operands &operands) noexcept {
  const signature &s = kernel.kernel;
  buffer input = input_of(s, operands.input), output = output_of(s, operands.output);
  if (!s.has_weights()) {
    return argument_list(user_context).add(input).add(output).run(kernel);
  }
  buffer weights = kernel_weights(s, kernel.packed_size, operands.weights);
  buffer bias(operands.bias, f32, {{0, s.outputs}});
  return argument_list(user_context).add(input).add(weights).add(bias).add(output).run(kernel);
}

int invoke_preprocess(const compiled_kernel &kernel, void *user_context, const std::uint8_t *images,
                      const float *constants, bool reverse_channels, float *output) noexcept {
  const signature &s = kernel.kernel;
  buffer image(images, u8, {{0, s.channels}, {0, s.width}, {0, s.height}, {0, s.batch}});
  buffer values(constants, f32, {{0, s.channels}, {0, 3}});
  buffer result = output_of(s, output);
  std::int32_t reverse = reverse_channels;
  return argument_list(user_context).add(image).add(values).add(reverse).add(result).run(kernel);
}

int invoke_pack(const compiled_kernel &kernel, void *user_context, const float *weights,
                float *packed) noexcept {
  return invoke_pack_rows(kernel, user_context, kernel.kernel.outputs, weights, packed);
}

int invoke_pack_rows(const compiled_kernel &kernel, void *user_context, int rows, const float *weights,
                     float *packed) noexcept {
  signature s = kernel.kernel;
  const std::int64_t size = kernel.packed_size * rows / s.outputs;
  s.outputs = rows;
  buffer from = file_weights(s, weights), to = kernel_weights(s, size, packed);
  return argument_list(user_context).add(from).add(to).pack(kernel);
}

} // namespace vggen
