#include "kernel_call.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <stdexcept>

namespace vggen::test {

namespace {

const halide_type_t f32 = halide_type_of<float>();
const halide_type_t u8 = halide_type_of<std::uint8_t>();

// [c, x, y, n], with the halo inside
std::array<bounds, 4> image_region(int channels, int width, int height, int batch, bool halo) {
  const int edge = halo ? 1 : 0;
  return {{{0, channels}, {-edge, width + 2 * edge}, {-edge, height + 2 * edge}, {0, batch}}};
}

// Calls what(element, n, y, x, c) for each element of an image's buffer, halo included, in the order of
// memory.
template <class What> void for_each_element(const halide_buffer_t &image, What what) {
  const halide_dimension_t *d = image.dim;
  std::size_t element = 0;
  for (int n = 0; n < d[3].extent; ++n)
    for (int y = d[2].min; y < d[2].min + d[2].extent; ++y)
      for (int x = d[1].min; x < d[1].min + d[1].extent; ++x)
        for (int c = 0; c < d[0].extent; ++c)
          what(element++, n, y, x, c);
}

bool inside(const tensor &t, int y, int x) { return y >= 0 && y < t.height && x >= 0 && x < t.width; }

template <class T> void store_image(guarded_buffer &buffer, const tensor &image) {
  const std::span<T> data = buffer.data<T>();
  for_each_element(*buffer.get(), [&](std::size_t i, int n, int y, int x, int c) {
    data[i] = inside(image, y, x) ? static_cast<T>(image(n, y, x, c)) : T{0};
  });
}

void store(guarded_buffer &buffer, const std::vector<double> &values) {
  std::ranges::transform(values, buffer.data<float>().begin(),
                         [](double v) { return static_cast<float>(v); });
}

} // namespace

kernel_call::kernel_call(const compiled_kernel &kernel, const operands &values)
    : kernel_(kernel), output_(f32, image_region(kernel.kernel.output_channels(),
                                                 kernel.kernel.output_width(), kernel.kernel.output_height(),
                                                 kernel.kernel.batch, kernel.kernel.output_halo)),
      reverse_(values.reverse) {
  const signature &s = kernel.kernel;
  if (execution_.prepare(2, kernel.scratch_shared, kernel.scratch_per_task, {}) != status::ok)
    throw std::runtime_error("no memory for the kernel's scratch");
  user_context_ = execution_.user_context();
  run_arguments_ = pack_arguments_ = {&user_context_};
  const auto region = image_region(s.channels, s.width, s.height, s.batch, s.input_halo);

  if (s.op == operation::preprocess) {
    guarded_buffer &image = add_input("image", u8, {region[0], region[1], region[2], region[3]});
    store_image<std::uint8_t>(image, values.input);
    guarded_buffer &constants = add_input("constants", f32, {{0, s.channels}, {0, 3}});
    const std::span<float> data = constants.data<float>();
    for (std::size_t c = 0, count = values.constants.size(); c < count; ++c) {
      data[c] = static_cast<float>(values.constants[c].divisor);
      data[c + count] = static_cast<float>(values.constants[c].mean);
      data[c + 2 * count] = static_cast<float>(values.constants[c].deviation);
    }
    run_arguments_.insert(run_arguments_.end(), {image.get(), constants.get(), &reverse_});
  } else {
    guarded_buffer &image = add_input("input", f32, {region[0], region[1], region[2], region[3]});
    store_image<float>(image, values.input);
    run_arguments_.push_back(image.get());
  }
  if (s.has_weights()) {
    guarded_buffer &weights =
        s.is_convolution()
            ? add_input("weights", f32,
                        {{0, s.window_width()}, {0, s.window_height()}, {0, s.channels}, {0, s.outputs}})
            : add_input("weights", f32, {{0, s.channels}, {0, s.outputs}});
    store(weights, values.weights.values);
    if (kernel.pack) {
      const bounds all{0, static_cast<int>(kernel.packed_size)};
      packed_.emplace(input{"packed weights", guarded_buffer(f32, std::span(&all, 1))});
      pack_arguments_.insert(pack_arguments_.end(), {weights.get(), packed_->buffer.get()});
    }
    guarded_buffer &bias = add_input("bias", f32, {{0, s.outputs}});
    store(bias, values.bias);
    run_arguments_.insert(run_arguments_.end(), {(packed_ ? packed_->buffer : weights).get(), bias.get()});
  }
  run_arguments_.push_back(output_.get());
}

guarded_buffer &kernel_call::add_input(const char *name, halide_type_t type,
                                       std::initializer_list<bounds> region) {
  inputs_.push_back({name, guarded_buffer(type, {region.begin(), region.size()})});
  return inputs_.back().buffer;
}

void kernel_call::poison(std::uint32_t pattern) {
  pattern_ = pattern;
  output_pattern_ = pattern + 1;
  for (input &i : inputs_) {
    i.buffer.poison(pattern, false);
    i.fingerprint = i.buffer.fingerprint();
  }
  if (packed_) packed_->buffer.poison(pattern, true);
  output_.poison(output_pattern_, true);
}

int kernel_call::pack() {
  if (!packed_) return 0;
  const int code = kernel_.pack(pack_arguments_.data());
  packed_->fingerprint = packed_->buffer.fingerprint();
  return code;
}

int kernel_call::run() { return kernel_.run(run_arguments_.data()); }

std::string kernel_call::problem() const {
  for (const input &i : inputs_)
    if (i.buffer.fingerprint() != i.fingerprint)
      return std::string("it changed its ") + i.name + ", or the memory around it";
  if (packed_ && !packed_->buffer.guards_hold(pattern_)) return "it wrote outside of its packed weights";
  if (packed_ && packed_->buffer.fingerprint() != packed_->fingerprint)
    return "it changed its packed weights";
  if (!output_.guards_hold(output_pattern_)) return "it wrote outside of its output";

  std::string found;
  const std::span<const float> data = raw_output();
  const signature &s = kernel_.kernel;
  for_each_element(output_.descriptor(), [&](std::size_t i, int n, int y, int x, int c) {
    if (!found.empty()) return;
    const bool halo = y < 0 || y >= s.output_height() || x < 0 || x >= s.output_width();
    const bool untouched = std::bit_cast<std::uint32_t>(data[i]) == output_pattern_;
    if (!untouched && (!halo || data[i] == 0)) return;
    found = (untouched ? "it did not write " : "it wrote " + std::to_string(data[i]) + " into the halo: ") +
            std::string("[c, x, y, n] = [") + std::to_string(c) + ", " + std::to_string(x) + ", " +
            std::to_string(y) + ", " + std::to_string(n) + "]";
  });
  return found;
}

tensor kernel_call::output() const {
  const signature &s = kernel_.kernel;
  tensor result(s.batch, s.output_height(), s.output_width(), s.output_channels());
  const std::span<const float> data = raw_output();
  for_each_element(output_.descriptor(), [&](std::size_t i, int n, int y, int x, int c) {
    if (inside(result, y, x)) result(n, y, x, c) = data[i];
  });
  return result;
}

std::int64_t kernel_call::bytes() const {
  std::size_t sum = output_.bytes();
  for (const input &i : inputs_)
    sum += i.buffer.bytes();
  return static_cast<std::int64_t>(sum);
}

} // namespace vggen::test
