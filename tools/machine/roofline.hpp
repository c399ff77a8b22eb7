// What a kernel must at least do, against what the machine can do: the roofline of `bench --layers`, and the
// shares that the programs in bench/ report.
#pragma once

#include "tools/machine/measured_machine.hpp"

#include <vggen/core/kernel.hpp>

#include <algorithm>
#include <cstdint>

namespace vggen {

/// Represents the work of a kernel, or of several, one after another. All are 10^9; a multiply-add is two
/// operations.
struct workload {
  double plain_gflop = 0; ///< operations of the plain sums, whatever the algorithm
  double gflop = 0;       ///< of the algorithm: Winograd's products are fewer
  double gbyte = 0;       ///< bytes that must be read and written: see compulsory_bytes()

  constexpr workload &operator+=(const workload &other) {
    plain_gflop += other.plain_gflop;
    gflop += other.gflop;
    gbyte += other.gbyte;
    return *this;
  }
  constexpr workload operator*(double times) const {
    return {plain_gflop * times, gflop * times, gbyte * times};
  }
};

/// Bytes of the tensors that a kernel reads and writes, halos included, each counted once; weights as its
/// schedule has them (packed). Of sgd: for one parameter.
constexpr std::int64_t compulsory_bytes(const compiled_kernel &k) {
  const signature &s = k.kernel;
  constexpr std::int64_t f32 = sizeof(float);
  if (s.op == operation::sgd) return 5 * f32; // reads gradient, value and momentum, writes the last two
  const std::int64_t batch = s.batch;
  std::int64_t weights = 0;
  if (s.has_weights())
    weights = k.packed_size > 0 ? k.packed_size
                                : std::int64_t{s.channels} * s.outputs * s.window_height() * s.window_width();
  const std::int64_t bias = s.has_weights() && s.bias ? s.outputs : 0;
  if (s.dir == direction::backward_weights)
    return f32 * (batch * (s.output_gradient_size() + s.input_size()) + weights + bias);
  if (s.dir == direction::backward_data) {
    const bool reads_input = s.relu || s.op == operation::max_pool ||
                             s.op == operation::local_response_norm || s.op == operation::add;
    return f32 * (batch * (s.output_gradient_size() + s.input_gradient_size() +
                           (reads_input ? s.input_size() : 0)) +
                  weights);
  }
  if (s.op == operation::preprocess) // from bytes
    return batch * s.input_size() + f32 * (batch * s.output_size() + std::int64_t{3} * s.channels);
  if (s.op == operation::cross_entropy) // labels and losses beside the logits and their gradient
    return f32 * batch * (s.input_size() + s.input_gradient_size() + 2);
  if (s.op == operation::squared_error) // the same with targets
    return f32 * batch * (s.input_size() + s.input_gradient_size() + s.outputs + 2);
  return f32 * (batch * (s.input_size() + s.output_size()) + weights + bias);
}

/// Of one call. Of sgd: for one parameter.
constexpr workload work_of(const compiled_kernel &k) {
  return {.plain_gflop = 2e-9 * static_cast<double>(k.kernel.multiply_adds()),
          .gflop = 2e-9 * static_cast<double>(k.multiply_adds),
          .gbyte = 1e-9 * static_cast<double>(compulsory_bytes(k))};
}

/// The time that the machine's limits leave for a kernel, as a share of the seconds that it took: of its
/// arithmetic or of its memory traffic, whichever takes longer. 1 is the limit.
inline double roofline_share(const workload &work, double seconds, const measured_machine &machine) {
  return std::max(work.gflop / machine.gflops, work.gbyte / machine.read_gbps) / seconds;
}

} // namespace vggen
