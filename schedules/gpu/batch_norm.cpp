// Batch normalisation on a device: a thread for each channel's sum over a row, over an image and over all.
#include "generators/batch_norm.hpp"
#include "schedules/gpu/elements.hpp"
#include "schedules/schedule.hpp"

namespace vggen {

namespace {

void compute_sum(channel_sum &sum) {
  const Halide::Var block("block"), thread("thread");
  sum.rows.gpu_tile(sum.c, block, thread, 64, Halide::TailStrategy::GuardWithIf).gpu_blocks(sum.y, sum.n);
  sum.images.gpu_tile(sum.c, block, thread, 64, Halide::TailStrategy::GuardWithIf).gpu_blocks(sum.n);
  compute_elements(sum.total, sum.c);
}

void apply(batch_norm_stages &s, const schedule_request &request) {
  for (channel_sum *sum : {&s.first, &s.second})
    if (sum->defined()) compute_sum(*sum);
  if (s.vectors.defined()) {
    const Halide::Var block("block"), thread("thread"), moment = s.vectors.args()[1];
    s.vectors.gpu_tile(s.first.c, block, thread, 64, Halide::TailStrategy::GuardWithIf).gpu_blocks(moment);
  }
  for (const Halide::Func &f : s.gradients)
    compute_elements(f, s.first.c);
  if (s.output.func.defined()) compute_elements(s.output, request.kernel.channels);
}

const register_schedule<batch_norm_stages> channels{
    {{.name = "gpu_channels", .is_default = true, .on_device = true, .error = measured_error(6e-7)}, apply}};

} // namespace

} // namespace vggen
