#include "tools/vggen-tune/timer/kernel_tensors.hpp"

#include <vggen/core/invoke.hpp>
#include <vggen/core/invoke_training.hpp>

#include <algorithm>
#include <cmath>
#include <new>

namespace vggen {

namespace {

// A linear congruential generator (Knuth's MMIX): fast, and the same everywhere.
class random_floats {
public:
  float next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<float>(static_cast<std::int32_t>(state_ >> 32)) * 0x1p-31f;
  }

private:
  std::uint64_t state_ = 0x853c49e6748fea9bu;
};

// [c, x, y, n] with zeros in the halo.
void fill_image(float_block &image, int channels, int width, int height, int batch, bool halo,
                bool not_negative, random_floats &random) {
  const int edge = halo ? 1 : 0;
  image.resize(std::int64_t{channels} * (width + 2 * edge) * (height + 2 * edge) * batch);
  float *at = image.data();
  for (int n = 0; n < batch; ++n)
    for (int y = -edge; y < height + edge; ++y)
      for (int x = -edge; x < width + edge; ++x)
        for (int c = 0; c < channels; ++c) {
          const bool inside = x >= 0 && x < width && y >= 0 && y < height;
          const float value = inside ? random.next() : 0;
          *at++ = not_negative ? std::max(value, 0.f) : value;
        }
}

} // namespace

void float_block::resize(std::int64_t count) {
  if (!memory_.reset(static_cast<std::size_t>(count) * sizeof(float), {})) throw std::bad_alloc();
  count_ = count;
}

bool kernel_tensors::is_supported(const signature &kernel) {
  return kernel.has_weights() || (kernel.op == operation::max_pool && kernel.dir == direction::forward);
}

kernel_tensors::kernel_tensors(const compiled_kernel &kernel) : kernel_(kernel) {
  const signature &s = kernel.kernel;
  random_floats random;
  const bool forward = s.dir == direction::forward;
  fill_image(input, s.channels, s.width, s.height, s.batch, s.input_halo, !forward && s.relu, random);
  if (s.has_weights()) {
    weights.resize(std::int64_t{s.channels} * s.outputs * s.window_width() * s.window_height());
    const float scale = 1 / std::sqrt(static_cast<float>(s.channels * s.window_width() * s.window_height()));
    for (float &w : weights.values())
      w = random.next() * scale;
    bias.resize(s.outputs);
    for (float &b : bias.values())
      b = random.next();
  }
  if (!forward)
    fill_image(output_gradient, s.output_channels(), s.output_width(), s.output_height(), s.batch,
               s.gradient_halo(), false, random);
  switch (s.dir) {
  case direction::forward:
    output.resize(s.output_size() * s.batch);
    break;
  case direction::backward_data:
    output.resize(s.input_gradient_size() * s.batch);
    break;
  case direction::backward_weights:
    output.resize(weights.size());
    bias_output.resize(s.outputs);
    break;
  }
  if (kernel.pack) packed_.resize(kernel.packed_size);
}

int kernel_tensors::pack(void *user_context) {
  return kernel_.pack ? invoke_pack(kernel_, user_context, weights.data(), packed_.data()) : 0;
}

int kernel_tensors::run(void *user_context) {
  const float *const taken = kernel_.pack ? packed_.data() : weights.data();
  if (kernel_.kernel.dir == direction::forward)
    return invoke(kernel_, user_context,
                  {.input = input.data(), .weights = taken, .bias = bias.data(), .output = output.data()});
  return invoke_backward(kernel_, user_context,
                         {.output_gradient = output_gradient.data(),
                          .weights = taken,
                          .input = input.data(),
                          .input_gradient = output.data(),
                          .weight_gradient = output.data(),
                          .bias_gradient = bias_output.data()});
}

float kernel_tensors::touch() const {
  float sum = 0;
  for (const float_block *block : {&input, &output_gradient})
    for (std::int64_t i = 0; i < block->size(); i += 16)
      sum += block->data()[i];
  return sum;
}

} // namespace vggen
