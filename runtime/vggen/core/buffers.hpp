// Raw pointers as the buffers that kernels take. Nothing is copied; a buffer lives as long as one call.
#pragma once

#include <vggen/net/signature.hpp>

#include <HalideRuntime.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace vggen::detail {

/// A dense buffer of up to four dimensions, the first one innermost.
struct buffer {
  struct range {
    int first = 0, extent = 1;
  };
  std::array<halide_dimension_t, 4> dimensions;
  halide_buffer_t header{};

  buffer(const void *data, halide_type_t type, std::initializer_list<range> ranges) noexcept {
    header.host = static_cast<std::uint8_t *>(const_cast<void *>(data));
    header.type = type;
    header.dim = dimensions.data();
    int stride = 1;
    for (const range &r : ranges) {
      dimensions[static_cast<std::size_t>(header.dimensions++)] =
          halide_dimension_t(r.first, r.extent, stride);
      stride *= r.extent;
    }
  }
  buffer(const buffer &) = delete;
  buffer &operator=(const buffer &) = delete;
};

inline constexpr halide_type_t f32(halide_type_float, 32), u8(halide_type_uint, 8), i32(halide_type_int, 32);

/// An activation or its gradient: [c, x, y, n], a halo included.
inline buffer activation(const void *data, int channels, int width, int height, int batch,
                         bool halo) noexcept {
  return {data, f32, {{0, channels}, {-halo, width + 2 * halo}, {-halo, height + 2 * halo}, {0, batch}}};
}

inline buffer input_of(const signature &s, const void *data) noexcept {
  return activation(data, s.channels, s.width, s.height, s.batch, s.input_halo);
}
inline buffer output_of(const signature &s, const void *data) noexcept {
  return activation(data, s.output_channels(), s.output_width(), s.output_height(), s.batch, s.output_halo);
}
inline buffer output_gradient_of(const signature &s, const void *data) noexcept {
  return activation(data, s.output_channels(), s.output_width(), s.output_height(), s.batch,
                    s.gradient_halo());
}
inline buffer input_gradient_of(const signature &s, const void *data) noexcept {
  return activation(data, s.channels, s.width, s.height, s.batch, s.output_halo);
}

/// Weights as files have them: [kx, ky, inputs, outputs], or [inputs, outputs].
inline buffer file_weights(const signature &s, const void *data) noexcept {
  if (s.op == operation::fully_connected) return {data, f32, {{0, s.channels}, {0, s.outputs}}};
  return {data, f32, {{0, s.window_width()}, {0, s.window_height()}, {0, s.channels}, {0, s.outputs}}};
}
/// Weights as a kernel reads them: packed, [element] or [element, outputs] where fully connected; or, with a
/// packed size of 0, as files have them.
inline buffer kernel_weights(const signature &s, std::int64_t packed_size, const void *data) noexcept {
  if (packed_size == 0) return file_weights(s, data);
  if (s.op == operation::fully_connected)
    return {data, f32, {{0, static_cast<int>(packed_size / s.outputs)}, {0, s.outputs}}};
  return {data, f32, {{0, static_cast<int>(packed_size)}}};
}

} // namespace vggen::detail
