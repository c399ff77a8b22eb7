#include "tools/compiler/planned_kernel.hpp"

#include "generators/bf16_rows.hpp"
#include "generators/conv.hpp"
#include "generators/packing.hpp"

#include <utility>

namespace vggen {

namespace {

// How a kernel takes its weights, if not as files have them.
std::optional<weight_layout> layout_of(const resolved_kernel &kernel, const Halide::Target &target) {
  if (kernel.chosen.layout)
    return kernel.chosen.layout({.kernel = kernel.kernel, .target = target, .parameters = kernel.parameters});
  if (kernel.kernel.is_convolution() && kernel.kernel.dir != direction::backward_weights)
    return weight_layout{.panel = conv_of(kernel.kernel).outputs};
  return std::nullopt;
}

} // namespace

planned_kernel plan_kernel(resolved_kernel kernel, const Halide::Target &target) {
  planned_kernel p{.kernel = std::move(kernel), .job = {}, .pack = {}};
  p.job = job_of(p.kernel, target);
  if (const std::optional<weight_layout> layout = layout_of(p.kernel, target)) {
    p.pack = pack_job_of(p.kernel, *layout, target);
    const signature &s = p.kernel.kernel;
    p.packed_size =
        s.is_convolution() ? weight_panels(conv_of(s), *layout).size() : bf16_rows(s, *layout).size();
  }
  return p;
}

} // namespace vggen
