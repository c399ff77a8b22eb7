#include "vggen/core/invoke_training.hpp"

#include "vggen/core/arguments.hpp"
#include "vggen/core/buffers.hpp"

#include <cstdint>

namespace vggen {

using namespace detail;

namespace {

struct draw_words {
  float probability;
  std::uint32_t seed_low, seed_high, step, layer;

  explicit draw_words(const dropout_draw &d) noexcept
      : probability(d.probability), seed_low(static_cast<std::uint32_t>(d.seed)),
        seed_high(static_cast<std::uint32_t>(d.seed >> 32)), step(d.step), layer(d.layer) {}
  void add_to(argument_list &list) noexcept {
    list.add(probability).add(seed_low).add(seed_high).add(step).add(layer);
  }
};

} // namespace

int invoke_dropout(const compiled_kernel &kernel, void *user_context, const float *input,
                   const dropout_draw &draw, float *output) noexcept {
  buffer in = input_of(kernel.kernel, input), out = output_of(kernel.kernel, output);
  draw_words words(draw);
  argument_list arguments(user_context);
  arguments.add(in);
  words.add_to(arguments);
  return arguments.add(out).run(kernel);
}

int invoke_backward(const compiled_kernel &kernel, void *user_context, const backward_operands &operands,
                    const dropout_draw &draw) noexcept {
  const signature &s = kernel.kernel;
  buffer output_gradient = output_gradient_of(s, operands.output_gradient),
         input = input_of(s, operands.input);
  argument_list arguments(user_context);
  arguments.add(output_gradient);
  if (s.dir == direction::backward_weights) {
    buffer weight_gradient = file_weights(s, operands.weight_gradient);
    buffer bias_gradient(operands.bias_gradient, f32, {{0, s.outputs}});
    return arguments.add(input).add(weight_gradient).add(bias_gradient).run(kernel);
  }
  buffer input_gradient = input_gradient_of(s, operands.input_gradient);
  if (s.has_weights()) {
    buffer weights = kernel_weights(s, kernel.packed_size, operands.weights);
    return arguments.add(weights).add(input).add(input_gradient).run(kernel);
  }
  arguments.add(input);
  draw_words words(draw);
  if (s.op == operation::dropout) words.add_to(arguments);
  return arguments.add(input_gradient).run(kernel);
}

int invoke_batch_norm(const compiled_kernel &kernel, void *user_context, const batch_norm_operands &operands,
                      float *output) noexcept {
  const signature &s = kernel.kernel;
  buffer input = input_of(s, operands.input), scale(operands.scale, f32, {{0, s.channels}}),
         shift(operands.shift, f32, {{0, s.channels}}),
         statistics(operands.statistics, f32, {{0, s.channels}, {0, 2}}), out = output_of(s, output);
  return argument_list(user_context)
      .add(input)
      .add(scale)
      .add(shift)
      .add(operands.images)
      .add(statistics)
      .add(out)
      .run(kernel);
}

int invoke_batch_norm_backward(const compiled_kernel &kernel, void *user_context,
                               const batch_norm_operands &operands, const float *output_gradient,
                               float *scale_gradient, float *shift_gradient, float *input_gradient) noexcept {
  const signature &s = kernel.kernel;
  buffer gradient = output_gradient_of(s, output_gradient), input = input_of(s, operands.input),
         statistics(operands.statistics, f32, {{0, s.channels}, {0, 2}}),
         of_scale(scale_gradient, f32, {{0, s.channels}}), of_shift(shift_gradient, f32, {{0, s.channels}});
  argument_list arguments(user_context);
  arguments.add(gradient).add(input).add(statistics);
  if (s.dir == direction::backward_weights)
    return arguments.add(operands.images).add(of_scale).add(of_shift).run(kernel);
  buffer scale(operands.scale, f32, {{0, s.channels}}), out = input_gradient_of(s, input_gradient);
  return arguments.add(scale).add(of_scale).add(of_shift).add(operands.images).add(out).run(kernel);
}

int invoke_cross_entropy(const compiled_kernel &kernel, void *user_context, const float *logits,
                         const std::int32_t *labels, float smoothing, float weight, float *losses,
                         float *gradient) noexcept {
  const signature &s = kernel.kernel;
  buffer in = input_of(s, logits);
  buffer label_buffer(labels, i32, {{0, s.batch}}), loss_buffer(losses, f32, {{0, s.batch}});
  buffer out = input_gradient_of(s, gradient);
  return argument_list(user_context)
      .add(in)
      .add(label_buffer)
      .add(smoothing)
      .add(weight)
      .add(loss_buffer)
      .add(out)
      .run(kernel);
}

int invoke_squared_error(const compiled_kernel &kernel, void *user_context, const float *values,
                         const float *targets, const std::int32_t *labels, float weight, float *losses,
                         float *gradient) noexcept {
  const signature &s = kernel.kernel;
  buffer in = input_of(s, values), target_buffer(targets, f32, {{0, s.outputs}, {0, s.batch}});
  buffer label_buffer(labels, i32, {{0, s.batch}}), loss_buffer(losses, f32, {{0, s.batch}});
  buffer out = input_gradient_of(s, gradient);
  return argument_list(user_context)
      .add(in)
      .add(target_buffer)
      .add(label_buffer)
      .add(weight)
      .add(loss_buffer)
      .add(out)
      .run(kernel);
}

int invoke_sgd(const compiled_kernel &kernel, void *user_context, std::int64_t count, const float *gradients,
               const sgd_arguments &a, float *values, float *momenta) noexcept {
  const int extent = static_cast<int>(count);
  const std::int32_t nesterov = a.nesterov;
  buffer gradient(gradients, f32, {{0, extent}}), value(values, f32, {{0, extent}}),
      momentum(momenta, f32, {{0, extent}});
  return argument_list(user_context)
      .add(gradient)
      .add(a.learning_rate)
      .add(a.momentum)
      .add(a.weight_decay)
      .add(a.gradient_scale)
      .add(nesterov)
      .add(value)
      .add(momentum)
      .run(kernel);
}

} // namespace vggen
