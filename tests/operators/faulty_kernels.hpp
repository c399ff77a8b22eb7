// Kernels in plain C++ that are right, or wrong in one way that is chosen beforehand: what the checker is
// checked with.
#pragma once

#include <HalideRuntime.h>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace vggen::test {

enum class fault {
  none,
  wrong_sum,         // one element is off by more than the tolerance
  tiny_error,        // one element is off by less
  element_left_out,  // one element is not written
  halo_left_out,     // one element of the halo is not written
  halo_not_zero,     // one element of the halo is a tiny number
  write_before,      // one float before the output
  write_after,       // one float after the output
  write_far_after,   // a row further
  read_past_input,   // a pixel outside of the input takes part in a maximum
  read_past_weights, // an element past the packed weights takes part in a sum
  keep_old_output,   // the output depends on what was in its memory
  change_input,
  change_packed,
  pack_past_end, // one float after the packed weights
  fail,          // a return code
  fail_to_pack,
  ignore_reverse,
  wrong_second, // of two outputs the second: a wrong value, one not written, one float after, and one that
                // depends on what was in its memory
  second_left_out,
  write_after_second,
  keep_old_second,
  keep_momenta, // one element in place is not updated
};
inline fault current_fault = fault::none;
inline bool is(fault f) { return current_fault == f; }

// A buffer as a kernel sees it.
struct image {
  halide_buffer_t *buffer;
  explicit image(void *argument) : buffer(static_cast<halide_buffer_t *>(argument)) {}
  [[nodiscard]] int extent(int d) const { return buffer->dim[d].extent; }
  [[nodiscard]] int min(int d) const { return buffer->dim[d].min; }
  [[nodiscard]] float *data() const { return reinterpret_cast<float *>(buffer->host); }
  [[nodiscard]] std::ptrdiff_t size() const {
    return std::ptrdiff_t{1} * extent(0) * extent(1) * extent(2) * extent(3);
  }
  [[nodiscard]] float &at(int c, int x, int y, int n) const {
    std::ptrdiff_t offset = 0;
    const int position[] = {c, x, y, n};
    for (int d = 0; d < 4; ++d)
      offset += std::ptrdiff_t{1} * buffer->dim[d].stride * (position[d] - min(d));
    return data()[offset];
  }
};

// The output's elements as `value` says, its halo zero; and the faults that any kernel may have.
template <class Value> int write_output(image out, Value value) {
  if (is(fault::fail)) return -7;
  const float before = out.at(0, 0, 0, 0);
  const int width = out.extent(1) + 2 * out.min(1), height = out.extent(2) + 2 * out.min(2);
  for (int n = 0; n < out.extent(3); ++n)
    for (int y = out.min(2); y < out.min(2) + out.extent(2); ++y)
      for (int x = out.min(1); x < out.min(1) + out.extent(1); ++x)
        for (int c = 0; c < out.extent(0); ++c) {
          const bool inside = x >= 0 && x < width && y >= 0 && y < height;
          const bool last_of_halo = !inside && x == width && y == height && c == 0;
          if (is(fault::halo_left_out) && last_of_halo) continue;
          if (is(fault::element_left_out) && inside && x == width - 1 && y == 0 && c == 0) continue;
          out.at(c, x, y, n) = inside                                     ? value(c, x, y, n)
                               : is(fault::halo_not_zero) && last_of_halo ? 1e-30f
                                                                          : 0.f;
        }
  float &chosen = out.at(out.extent(0) - 1, width - 1, height - 1, out.extent(3) - 1);
  if (is(fault::wrong_sum)) chosen += 1e-3f;
  if (is(fault::tiny_error)) chosen += 1e-6f;
  if (is(fault::keep_old_output) && before > 1e29f) chosen += 1e-6f;
  if (is(fault::write_before)) out.data()[-1] = 0;
  if (is(fault::write_after)) out.data()[out.size()] = 0;
  if (is(fault::write_far_after)) out.data()[out.size() + out.buffer->dim[2].stride] = 0;
  return 0;
}

// max_pool: input, output
inline int pool_kernel(void **arguments) {
  CHECK(*static_cast<void **>(arguments[0]) != nullptr);
  const image in(arguments[1]), out(arguments[2]);
  const int code = write_output(out, [&](int c, int x, int y, int n) {
    float largest = std::max({in.at(c, 2 * x, 2 * y, n), in.at(c, 2 * x + 1, 2 * y, n),
                              in.at(c, 2 * x, 2 * y + 1, n), in.at(c, 2 * x + 1, 2 * y + 1, n)});
    if (is(fault::read_past_input) && x + y + c + n == 0) largest = std::max(largest, in.data()[in.size()]);
    return largest;
  });
  if (is(fault::change_input)) in.at(0, 0, 0, 0) += 1;
  return code;
}

// Weights [x, y, inputs, outputs], packed as they are
inline int conv_pack(void **arguments) {
  const image weights(arguments[1]), packed(arguments[2]);
  if (is(fault::fail_to_pack)) return -8;
  std::copy_n(weights.data(), weights.size(), packed.data());
  if (is(fault::pack_past_end)) packed.data()[weights.size()] = 0;
  return 0;
}

// conv3x3 + bias + relu: input, packed weights, bias, output
inline int conv_kernel(void **arguments) {
  const image in(arguments[1]), weights(arguments[2]), bias(arguments[3]), out(arguments[4]);
  const int code = write_output(out, [&](int k, int x, int y, int n) {
    float sum = bias.data()[k];
    for (int c = 0; c < in.extent(0); ++c)
      for (int ky = 0; ky < 3; ++ky)
        for (int kx = 0; kx < 3; ++kx)
          sum += in.at(c, x + kx - 1, y + ky - 1, n) *
                 weights.data()[((k * in.extent(0) + c) * 3 + ky) * 3 + kx];
    if (is(fault::read_past_weights) && x + y == 0) sum += 1e-37f * weights.data()[weights.extent(0)];
    return std::max(0.f, sum); // keeps no NaN: as the instruction does
  });
  if (is(fault::change_packed)) weights.data()[0] += 1;
  return code;
}

// fully_connected: input, weights [inputs, outputs], bias, output
inline int fully_connected_kernel(void **arguments) {
  const image in(arguments[1]), weights(arguments[2]), bias(arguments[3]), out(arguments[4]);
  return write_output(out, [&](int k, int, int, int n) {
    float sum = bias.data()[k];
    for (int i = 0; i < in.extent(0); ++i)
      sum += in.at(i, 0, 0, n) * weights.data()[k * weights.buffer->dim[1].stride + i];
    return sum;
  });
}

// preprocess: image (u8), constants, reverse, output
inline int preprocess_kernel(void **arguments) {
  const image in(arguments[1]), constants(arguments[2]), out(arguments[4]);
  const bool reverse = *static_cast<bool *>(arguments[3]) && !is(fault::ignore_reverse);
  const int channels = in.extent(0);
  return write_output(out, [&](int c, int x, int y, int n) {
    const std::ptrdiff_t pixel = (std::ptrdiff_t{1} * n * in.extent(2) + y) * in.extent(1) + x;
    const float value = in.buffer->host[pixel * channels + (reverse ? channels - 1 - c : c)];
    const float *constant = constants.data() + c;
    return (value / constant[0] - constant[channels]) / constant[2 * channels];
  });
}

// fully_connected, backward-weights: output gradient, input, gradient of weights [inputs, outputs], of bias
inline int backward_weights_kernel(void **arguments) {
  const image gradient(arguments[1]), in(arguments[2]), weights(arguments[3]), bias(arguments[4]);
  const int inputs = in.extent(0), outputs = gradient.extent(0), batch = in.extent(3);
  const float before = bias.data()[0];
  for (int k = 0; k < outputs; ++k) {
    float sum = 0;
    for (int n = 0; n < batch; ++n)
      sum += gradient.at(k, 0, 0, n);
    if (!is(fault::second_left_out) || k != 1) bias.data()[k] = sum;
    for (int c = 0; c < inputs; ++c) {
      float product = 0;
      for (int n = 0; n < batch; ++n)
        product += gradient.at(k, 0, 0, n) * in.at(c, 0, 0, n);
      weights.data()[k * inputs + c] = product;
    }
  }
  if (is(fault::wrong_sum)) weights.data()[inputs] += 1e-3f;
  if (is(fault::wrong_second)) bias.data()[outputs - 1] += 1e-3f;
  if (is(fault::write_after_second)) bias.data()[outputs] = 0;
  if (is(fault::keep_old_second) && before > 1e29f) bias.data()[0] += 1e-6f;
  if (is(fault::change_input)) gradient.at(0, 0, 0, 0) += 1;
  return 0;
}

// sgd: gradients, learning rate, momentum, decay, scale, nesterov, parameters, momenta
inline int sgd_kernel(void **arguments) {
  const image gradients(arguments[1]), parameters(arguments[7]), momenta(arguments[8]);
  const auto number = [&](int i) { return *static_cast<const float *>(arguments[i]); };
  const bool nesterov = *static_cast<const std::int32_t *>(arguments[6]) != 0;
  const int count = gradients.extent(0);
  for (int i = 0; i < count; ++i) {
    const float d = number(5) * gradients.data()[i] + number(4) * parameters.data()[i];
    const float velocity = number(3) * momenta.data()[i] + d;
    parameters.data()[i] -= number(2) * (nesterov ? d + number(3) * velocity : velocity);
    if (!is(fault::keep_momenta) || i != count / 2) momenta.data()[i] = velocity;
  }
  if (is(fault::write_before)) momenta.data()[-1] = 0;
  if (is(fault::write_after_second)) momenta.data()[count] = 0;
  if (is(fault::change_input)) gradients.data()[0] += 1;
  return 0;
}

} // namespace vggen::test
