// Pixel by pixel: vectors along channels, or along the row where there are too few channels; rows in
// parallel.
#include "generators/pointwise.hpp"
#include "schedules/machine.hpp"
#include "schedules/schedule.hpp"

#include <algorithm>

using Halide::TailStrategy;

namespace vggen {

namespace {

void apply(pointwise_stages &s, const schedule_request &request) {
  image_output &out = s.output;
  const signature &kernel = request.kernel;
  const int lanes = machine_of(request.target).lanes, channels = kernel.output_channels();
  const bool along_channels = channels >= lanes;
  const auto by_row = [&](auto stage, const auto &x, const auto &y) {
    if (along_channels)
      stage.vectorize(out.c, lanes, TailStrategy::GuardWithIf);
    else
      stage.reorder(out.c, x, y, out.n)
          .unroll(out.c, channels)
          .vectorize(x, std::min(lanes, kernel.output_width()), TailStrategy::GuardWithIf);
    if (kernel.output_height() > 1) stage.parallel(y);
  };
  if (out.stage < 0) {
    out.func.bound(out.c, 0, channels);
    by_row(Halide::Stage(out.func), out.x, out.y);
  } else {
    for (int border = 0; border < out.stage; ++border)
      out.func.update(border).vectorize(out.c, std::min(lanes, channels), TailStrategy::GuardWithIf);
    by_row(out.func.update(out.stage), out.pixels.x, out.pixels.y);
  }
}

const register_schedule<pointwise_stages> rows{
    {{.name = "rows", .is_default = true, .error = measured_error(5e-7)}, apply}};

} // namespace

} // namespace vggen
