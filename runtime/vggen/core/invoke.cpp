#include "vggen/core/invoke.hpp"

#include <HalideRuntime.h>

#include <array>
#include <cstddef>
#include <initializer_list>

namespace vggen {

namespace {

// A dense buffer of up to four dimensions, the first one innermost.
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

constexpr halide_type_t f32(halide_type_float, 32), u8(halide_type_uint, 8);

struct activation : buffer {
  activation(const void *data, int channels, int width, int height, int batch, bool halo) noexcept
      : buffer(data, f32,
               {{0, channels}, {-halo, width + 2 * halo}, {-halo, height + 2 * halo}, {0, batch}}) {}
};

struct output_buffer : activation {
  output_buffer(const signature &s, float *data) noexcept
      : activation(data, s.output_channels(), s.output_width(), s.output_height(), s.batch, s.output_halo) {}
};

} // namespace

int invoke(const compiled_kernel &kernel, void *user_context, const kernel_operands &operands) noexcept {
  const signature &s = kernel.kernel;
  activation input(operands.input, s.channels, s.width, s.height, s.batch, s.input_halo);
  output_buffer output(s, operands.output);
  if (!s.has_weights()) {
    std::array<void *, 3> arguments{&user_context, &input.header, &output.header};
    return kernel.run(arguments.data());
  }
  buffer bias(operands.bias, f32, {{0, s.outputs}});
  const auto run = [&](buffer &weights) {
    std::array<void *, 5> arguments{&user_context, &input.header, &weights.header, &bias.header,
                                    &output.header};
    return kernel.run(arguments.data());
  };
  if (s.op == operation::fully_connected) {
    buffer weights(operands.weights, f32, {{0, s.channels}, {0, s.outputs}});
    return run(weights);
  }
  buffer weights(operands.weights, f32, {{0, static_cast<int>(kernel.packed_size)}});
  return run(weights);
}

int invoke_preprocess(const compiled_kernel &kernel, void *user_context, const std::uint8_t *images,
                      const float *constants, bool reverse_channels, float *output) noexcept {
  const signature &s = kernel.kernel;
  buffer image(images, u8, {{0, s.channels}, {0, s.width}, {0, s.height}, {0, s.batch}});
  buffer values(constants, f32, {{0, s.channels}, {0, 3}});
  output_buffer result(s, output);
  std::array<void *, 5> arguments{&user_context, &image.header, &values.header, &reverse_channels,
                                  &result.header};
  return kernel.run(arguments.data());
}

int invoke_pack(const compiled_kernel &kernel, const float *weights, float *packed) noexcept {
  const signature &s = kernel.kernel;
  buffer from(weights, f32, {{0, s.window_width()}, {0, s.window_height()}, {0, s.channels}, {0, s.outputs}});
  buffer to(packed, f32, {{0, static_cast<int>(kernel.packed_size)}});
  void *user_context = nullptr;
  std::array<void *, 3> arguments{&user_context, &from.header, &to.header};
  return kernel.pack(arguments.data());
}

} // namespace vggen
