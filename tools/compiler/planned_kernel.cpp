#include "tools/compiler/planned_kernel.hpp"

#include "generators/conv.hpp"
#include "generators/packing.hpp"

#include <utility>

namespace vggen {

planned_kernel plan_kernel(resolved_kernel kernel, const Halide::Target &target) {
  planned_kernel p{.kernel = std::move(kernel), .job = {}, .pack = {}};
  p.job = job_of(p.kernel, target);
  if (!p.kernel.kernel.packs_weights()) return p;
  const schedule_request request{
      .kernel = p.kernel.kernel, .target = target, .parameters = p.kernel.parameters};
  const signature convolution = conv_of(request.kernel);
  const weight_layout layout =
      p.kernel.chosen.layout ? p.kernel.chosen.layout(request) : weight_layout{.panel = convolution.outputs};
  p.pack = pack_job_of(p.kernel, layout, target);
  p.packed_size = weight_panels(convolution, layout).size();
  return p;
}

} // namespace vggen
