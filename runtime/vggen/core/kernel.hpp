// A compiled kernel as the generated header lists it: what it computes, how to call it, what it needs.
//
// All kernels are called through one form: an array of pointers to the arguments, the first to the user
// context (see execution.hpp), then in this order
//
//   - convolutions: input, weights (packed by `pack`), bias, output
//   - fully_connected: input, weights [inputs, outputs] (or packed by `pack`, if it has one), bias, output
//   - preprocess: image (u8), constants [channel, {divisor, mean, deviation}], reverse (i32, 0 or 1), output
//   - dropout: input, probability, u32 seed (low, high), u32 step, u32 layer, output
//   - batch_norm: input, scale [c], shift [c], images that count (i32), statistics [c, {mean, variance}],
//   output;
//     backward-weights: gradient of the output, input, statistics, images, gradients of scale and of shift;
//     backward-data: gradient of the output, input, statistics, scale, gradients of scale and of shift,
//     images, gradient of the input
//   - cross_entropy: logits, labels [image] (i32), smoothing, weight, losses [image], gradient of the logits
//   - squared_error: values, targets [number, image], labels [image] (i32), weight, losses [image], gradient
//   of
//     the values
//   - sgd: gradients [i], learning rate, momentum, decay, scale, nesterov (i32, 0 or 1), values [i], momenta
//   - backward-data: gradient of the output, weights (if the layer has them, packed for this direction where
//     it is a convolution), input, dropout's numbers (if it is one), gradient of the input
//   - backward-weights: gradient of the output, input, gradients of weights and of bias
//   - everything else: input, output
//   - on a device: behind all of these the kernel's scratch buffers (device_scratch)
//   - pack: weights [x, y, inputs, outputs], packed weights [element]; of fully_connected: any number of rows
//     of weights [inputs, row], as many of packed weights [element, row]
//
// Buffers are halide_buffer_t; activations are [c, x, y, n] with c innermost. A halo is inside the buffer: x
// and y then begin at -1. (Halide names the innermost dimension first, so a file's OIHW is [x, y, inputs,
// outputs].)
#pragma once

#include "vggen/core/device_api.hpp"

#include <vggen/net/signature.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vggen {

/// A kernel's machine code: 0, or a halide_error_code.
using kernel_function = int (*)(void **arguments);

/// Represents a buffer of floats on a device that a kernel writes and reads during one call: its extents, the
/// innermost dimension first; no dimensions: there is none.
struct device_scratch_buffer {
  int dimensions = 0;
  std::array<int, 4> extents{};

  [[nodiscard]] constexpr std::size_t bytes() const {
    std::size_t floats = dimensions > 0 ? 1 : 0;
    for (int i = 0; i < dimensions; ++i)
      floats *= static_cast<std::size_t>(extents[static_cast<std::size_t>(i)]);
    return floats * sizeof(float);
  }
};

/// Bytes that such a buffer takes, in whole units of what devices are content with.
constexpr std::size_t device_scratch_bytes(const device_scratch_buffer &buffer) {
  constexpr std::size_t unit = 512;
  return (buffer.bytes() + unit - 1) / unit * unit;
}

/// Represents one compiled kernel.
struct compiled_kernel {
  signature kernel{};
  std::string_view text{};     ///< the signature's canonical text
  std::string_view schedule{}; ///< name and parameters: "direct panel_vectors=2 pixels=14"
  std::string_view key{};      ///< hash of all that the machine code depends on
  kernel_function run = nullptr;
  std::string_view pack_key{};       ///< key of `pack`: equal ones make equal bytes, in files too
  kernel_function pack = nullptr;    ///< packs a layer's weights; null: they are used in place
  std::int64_t packed_size = 0;      ///< floats that `pack` writes; what they hold is between the two
  std::int64_t scratch_shared = 0;   ///< bytes that one call takes from its context's scratch
  std::int64_t scratch_per_task = 0; ///< and more bytes for each of its parallel tasks
  std::array<device_scratch_buffer, 8> device_scratch{}; ///< of a kernel that runs on a device
  std::int64_t multiply_adds = 0; ///< of its algorithm: Winograd's have fewer than the plain sums
  /// Largest error, relative to the largest value of the output, against double precision: measured for the
  /// schedule over the operators' test cases. 0: not known.
  double error = 0;
  std::int64_t object_bytes = 0; ///< size of its object file

  /// Bytes of its scratch buffers on a device.
  [[nodiscard]] constexpr std::size_t device_scratch_bytes() const {
    std::size_t bytes = 0;
    for (const device_scratch_buffer &buffer : device_scratch)
      bytes += vggen::device_scratch_bytes(buffer);
    return bytes;
  }
  /// Takes its weights in an order of its schedule's.
  [[nodiscard]] constexpr bool packs_weights() const { return packed_size > 0; }
};

} // namespace vggen
