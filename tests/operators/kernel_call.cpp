#include "kernel_call.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace vggen::test {

namespace {

device_pool *device = nullptr;

void *prepare(execution &e, const compiled_kernel &kernel, int threads) {
  if (e.prepare(threads, kernel.scratch_shared, kernel.scratch_per_task, {}) != status::ok)
    throw std::runtime_error("no memory for the kernel's scratch");
  return e.user_context();
}

// "[c, x, y, n] = [0, 3, 2, 0] of its output"
std::string place(const output_buffer &output, const position &at) {
  std::string text = "[" + std::string(output.dimensions) + "] = [";
  for (std::size_t i = 0; i < static_cast<std::size_t>(output.buffer.descriptor().dimensions); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(at[i]);
  return text + "] of its " + std::string(output.name);
}

// The first element that was not written, or is in the halo and not zero.
std::string problem_of(const output_buffer &output, std::uint32_t pattern) {
  std::string found;
  const std::span<const float> data = output.buffer.data<float>();
  for_each_place(output.buffer.descriptor(), [&](std::size_t i, const position &at, bool inside) {
    if (!found.empty()) return;
    if (output.before.empty() && std::bit_cast<std::uint32_t>(data[i]) == pattern)
      found = "it did not write " + place(output, at);
    else if (!inside && data[i] != 0)
      found = "it wrote " + std::to_string(data[i]) + " into the halo: " + place(output, at);
  });
  return found;
}

} // namespace

void run_kernels_on(device_pool *pool) { device = pool; }

kernel_call::kernel_call(const compiled_kernel &kernel, const operands &values, int threads)
    : kernel_(kernel), arguments_(kernel, values, prepare(execution_, kernel, threads)) {}

void kernel_call::poison(std::uint32_t pattern) {
  pattern_ = pattern;
  output_pattern_ = pattern + 1;
  for (input_buffer &i : arguments_.inputs) {
    i.buffer.poison(pattern, false);
    i.fingerprint = i.buffer.fingerprint();
  }
  if (arguments_.packed) arguments_.packed->buffer.poison(pattern, true);
  for (guarded_buffer &s : arguments_.scratch)
    s.poison(pattern, true);
  for (output_buffer &o : arguments_.outputs) {
    o.buffer.poison(output_pattern_, true);
    std::ranges::copy(o.before, o.buffer.data<float>().begin());
  }
}

kernel_call::~kernel_call() {
  if (device) arguments_.leave(*device);
}

void kernel_call::take_to_device() {
  if (!arguments_.take_to(*device, execution_.user_context()))
    throw std::runtime_error(std::string("not copied to the device: ") + execution_.message());
}

void kernel_call::fetch() {
  if (!arguments_.fetch(*device, execution_.user_context()))
    throw std::runtime_error(std::string("not copied from the device: ") + execution_.message());
}

int kernel_call::pack() {
  if (!arguments_.packed) return 0;
  if (device) take_to_device();
  const int code = kernel_.pack(arguments_.of_pack());
  if (device && code == 0) fetch();
  arguments_.packed->fingerprint = arguments_.packed->buffer.fingerprint();
  return code;
}

int kernel_call::run() {
  if (device) take_to_device();
  const int code = kernel_.run(arguments_.of_run());
  if (device && code == 0) fetch();
  return code;
}

std::string kernel_call::problem() const {
  for (const input_buffer &i : arguments_.inputs)
    if (i.buffer.fingerprint() != i.fingerprint)
      return "it changed its " + std::string(i.name) + ", or the memory around it";
  if (const auto &packed = arguments_.packed) {
    if (!packed->buffer.guards_hold(pattern_)) return "it wrote outside of its packed weights";
    if (packed->buffer.fingerprint() != packed->fingerprint) return "it changed its packed weights";
  }
  for (const output_buffer &o : arguments_.outputs)
    if (!o.buffer.guards_hold(output_pattern_)) return "it wrote outside of its " + std::string(o.name);
  for (const output_buffer &o : arguments_.outputs)
    if (std::string problem = problem_of(o, output_pattern_); !problem.empty()) return problem;
  return "";
}

} // namespace vggen::test
