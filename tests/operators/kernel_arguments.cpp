#include "kernel_arguments.hpp"

#include <algorithm>

namespace vggen::test {

namespace {

// [c, x, y, n], with the halo inside
std::vector<bounds> image_region(int channels, int width, int height, int batch, bool halo) {
  const int edge = halo ? 1 : 0;
  return {{0, channels}, {-edge, width + 2 * edge}, {-edge, height + 2 * edge}, {0, batch}};
}

std::vector<bounds> vector_region(std::size_t size) { return {{0, static_cast<int>(size)}}; }

// packed: [element], or [element, outputs]
std::vector<bounds> packed_region(const compiled_kernel &kernel) {
  const int size = static_cast<int>(kernel.packed_size), outputs = kernel.kernel.outputs;
  if (kernel.kernel.is_convolution()) return {{0, size}};
  return {{0, size / outputs}, {0, outputs}};
}

// as files have them: [x, y, inputs, outputs], or [inputs, outputs]
std::vector<bounds> weights_region(const signature &s) {
  if (!s.is_convolution()) return {{0, s.channels}, {0, s.outputs}};
  return {{0, s.window_width()}, {0, s.window_height()}, {0, s.channels}, {0, s.outputs}};
}

const char *weights_dimensions(const signature &s) { return s.is_convolution() ? "x, y, c, k" : "c, k"; }

// [c, x, y, n] of the layer's input
std::vector<bounds> input_gradient_region(const signature &s) {
  return image_region(s.channels, s.width, s.height, s.batch, s.output_halo);
}

const char *const image_dimensions = "c, x, y, n";

} // namespace

kernel_arguments::kernel_arguments(const compiled_kernel &kernel, const operands &values, void *user_context)
    : user_context_(user_context) {
  run_ = pack_ = {&user_context_};
  const signature &s = kernel.kernel;
  if (s.op == operation::batch_norm)
    add_batch_norm(s, values);
  else if (s.dir == direction::backward_data)
    add_backward_data(kernel, values);
  else if (s.dir == direction::backward_weights)
    add_backward_weights(s, values);
  else if (s.op == operation::preprocess)
    add_preprocess(s, values);
  else if (s.op == operation::cross_entropy)
    add_cross_entropy(s, values);
  else if (s.op == operation::squared_error)
    add_squared_error(s, values);
  else if (s.op == operation::sgd)
    add_sgd(values);
  else
    add_forward(kernel, values);
  for (const device_scratch_buffer &buffer : kernel.device_scratch) {
    if (buffer.dimensions == 0) continue;
    region where;
    for (int i = 0; i < buffer.dimensions; ++i)
      where.push_back({0, buffer.extents[static_cast<std::size_t>(i)]});
    run_.push_back(scratch.emplace_back(halide_type_of<float>(), where).get());
  }
}

void kernel_arguments::leave(device_pool &device) {
  for (input_buffer &i : inputs)
    i.buffer.leave(device);
  if (packed) packed->buffer.leave(device);
  for (output_buffer &o : outputs)
    o.buffer.leave(device);
  for (guarded_buffer &s : scratch)
    s.leave(device);
}

bool kernel_arguments::take_to(device_pool &device, void *user_context) {
  bool taken = true;
  for (input_buffer &i : inputs)
    taken = taken && i.buffer.take_to(device, user_context);
  if (packed) taken = taken && packed->buffer.take_to(device, user_context);
  for (output_buffer &o : outputs)
    taken = taken && o.buffer.take_to(device, user_context);
  for (guarded_buffer &s : scratch)
    taken = taken && s.take_to(device, user_context);
  return taken;
}

bool kernel_arguments::fetch(device_pool &device, void *user_context) {
  bool fetched = true;
  for (input_buffer &i : inputs)
    fetched = fetched && i.buffer.fetch(device, user_context);
  if (packed) fetched = fetched && packed->buffer.fetch(device, user_context);
  for (output_buffer &o : outputs)
    fetched = fetched && o.buffer.fetch(device, user_context);
  return fetched;
}

void kernel_arguments::add_forward(const compiled_kernel &kernel, const operands &values) {
  const signature &s = kernel.kernel;
  add_input_image(s, values);
  if (s.has_weights()) {
    add_weights(kernel, values);
    add_bias(values);
  }
  if (s.op == operation::dropout) add_draw(values.draw);
  add_output("output", image_dimensions,
             image_region(s.output_channels(), s.output_width(), s.output_height(), s.batch, s.output_halo));
}

void kernel_arguments::add_preprocess(const signature &s, const operands &values) {
  add_input<std::uint8_t>("image", image_region(s.channels, s.width, s.height, s.batch, s.input_halo),
                          values.input.values);
  std::vector<double> constants;
  for (const auto member :
       {&channel_constants::divisor, &channel_constants::mean, &channel_constants::deviation})
    for (const channel_constants &c : values.constants)
      constants.push_back(c.*member);
  add_input<float>("constants", {{0, s.channels}, {0, 3}}, constants);
  add_number(std::int32_t{values.reverse});
  add_output("output", image_dimensions, image_region(s.channels, s.width, s.height, s.batch, s.output_halo));
}

void kernel_arguments::add_cross_entropy(const signature &s, const operands &values) {
  add_input_image(s, values);
  add_input<std::int32_t>("labels", vector_region(values.labels.size()), values.labels);
  add_number(values.smoothing);
  add_number(values.loss_weight);
  add_output("losses", "n", vector_region(static_cast<std::size_t>(s.batch)));
  add_output("gradient", image_dimensions, input_gradient_region(s));
}

void kernel_arguments::add_squared_error(const signature &s, const operands &values) {
  add_input_image(s, values);
  add_input<float>("targets", {{0, s.outputs}, {0, s.batch}}, values.targets);
  add_input<std::int32_t>("labels", vector_region(values.labels.size()), values.labels);
  add_number(values.loss_weight);
  add_output("losses", "n", vector_region(static_cast<std::size_t>(s.batch)));
  add_output("gradient", image_dimensions, input_gradient_region(s));
}

void kernel_arguments::add_sgd(const operands &values) {
  add_input<float>("gradients", vector_region(values.gradients.size()), values.gradients);
  add_number(values.update.learning_rate);
  add_number(values.update.momentum);
  add_number(values.update.weight_decay);
  add_number(values.update.gradient_scale);
  add_number(std::int32_t{values.update.nesterov});
  add_in_place("parameters", values.parameters);
  add_in_place("momenta", values.momenta);
}

void kernel_arguments::add_batch_norm(const signature &s, const operands &values) {
  const batch_norm_values &norm = values.norm;
  const std::vector<bounds> vector = vector_region(static_cast<std::size_t>(s.channels)),
                            statistics{{0, s.channels}, {0, 2}};
  const bool forward = s.dir == direction::forward, data = s.dir == direction::backward_data;
  if (!forward) add_output_gradient(s, values);
  add_input_image(s, values);
  if (!forward) add_input<float>("statistics", statistics, norm.statistics);
  if (forward || data) add_input<float>("scale", vector, norm.scale);
  if (forward) add_input<float>("shift", vector, norm.shift);
  if (data) {
    add_input<float>("scale gradient", vector, norm.scale_gradient);
    add_input<float>("shift gradient", vector, norm.shift_gradient);
  }
  add_number(std::int32_t{norm.images});
  if (forward) {
    add_output("statistics", "c, moment", statistics);
    add_output("output", image_dimensions,
               image_region(s.channels, s.width, s.height, s.batch, s.output_halo));
  } else if (data) {
    add_output("input gradient", image_dimensions, input_gradient_region(s));
  } else {
    add_output("scale gradient", "c", vector);
    add_output("shift gradient", "c", vector);
  }
}

void kernel_arguments::add_backward_data(const compiled_kernel &kernel, const operands &values) {
  const signature &s = kernel.kernel;
  add_output_gradient(s, values);
  if (s.has_weights()) add_weights(kernel, values);
  add_input_image(s, values);
  if (s.op == operation::dropout) add_draw(values.draw);
  add_output("input gradient", image_dimensions, input_gradient_region(s));
}

void kernel_arguments::add_backward_weights(const signature &s, const operands &values) {
  add_output_gradient(s, values);
  add_input_image(s, values);
  add_output("weight gradient", weights_dimensions(s), weights_region(s));
  add_output("bias gradient", "k", vector_region(static_cast<std::size_t>(s.outputs)));
}

void kernel_arguments::add_input_image(const signature &s, const operands &values) {
  add_input<float>("input", image_region(s.channels, s.width, s.height, s.batch, s.input_halo),
                   values.input.values);
}

void kernel_arguments::add_output_gradient(const signature &s, const operands &values) {
  add_input<float>(
      "output gradient",
      image_region(s.output_channels(), s.output_width(), s.output_height(), s.batch, s.gradient_halo()),
      values.output_gradient.values);
}

void kernel_arguments::add_weights(const compiled_kernel &kernel, const operands &values) {
  add_input<float>("weights", weights_region(kernel.kernel), values.weights.values);
  if (!kernel.pack) return;
  // they are an argument of the packing, and what it makes of them is one of the run
  packed.emplace(
      input_buffer{"packed weights", guarded_buffer(halide_type_of<float>(), packed_region(kernel))});
  pack_.insert(pack_.end(), {run_.back(), packed->buffer.get()});
  run_.back() = packed->buffer.get();
}

void kernel_arguments::add_bias(const operands &values) {
  add_input<float>("bias", vector_region(values.bias.size()), values.bias);
}

void kernel_arguments::add_draw(const dropout_draw &draw) {
  add_number(draw.probability);
  add_number(static_cast<std::uint32_t>(draw.seed));
  add_number(static_cast<std::uint32_t>(draw.seed >> 32));
  add_number(draw.step);
  add_number(draw.layer);
}

template <class T, class Value>
void kernel_arguments::add_input(std::string_view name, const region &where,
                                 const std::vector<Value> &content) {
  guarded_buffer &buffer =
      inputs.emplace_back(input_buffer{name, guarded_buffer(halide_type_of<T>(), where)}).buffer;
  store<T>(buffer, std::span<const Value>(content));
  run_.push_back(buffer.get());
}

void kernel_arguments::add_output(std::string_view name, std::string_view dimensions, const region &where) {
  outputs.emplace_back(output_buffer{name, dimensions, guarded_buffer(halide_type_of<float>(), where), {}});
  run_.push_back(outputs.back().buffer.get());
}

void kernel_arguments::add_in_place(std::string_view name, const std::vector<double> &content) {
  add_output(name, "i", vector_region(content.size()));
  output_buffer &output = outputs.back();
  store<float>(output.buffer, std::span<const double>(content));
  const std::span<const float> data = output.buffer.data<float>();
  output.before.assign(data.begin(), data.end());
}

template <class T> void kernel_arguments::add_number(T value) {
  static_assert(sizeof value <= sizeof(std::uint64_t));
  std::memcpy(&numbers_.emplace_back(0), &value, sizeof value);
  run_.push_back(&numbers_.back());
}

} // namespace vggen::test
