// A user's own schedule for convolutions: rows in parallel, vectors of output channels, nothing kept in
// registers.
#include "generators/conv.hpp"
#include "schedules/schedule.hpp"

namespace {

void apply(vggen::conv_stages &s, const vggen::schedule_request &request) {
  const int lanes = request["lanes"];
  s.output.vectorize(s.k, lanes).parallel(s.y);
  s.sums.compute_at(s.output, s.y).vectorize(s.k, lanes);
  s.sums.update().reorder(s.k, s.x, s.window.x, s.window.y, s.window.z, s.y, s.n).vectorize(s.k, lanes);
}

const vggen::register_schedule<vggen::conv_stages> plain{
    {{.name = "outside",
      .parameters = {{"lanes", 1, 64}},
      .defaults = [](const vggen::schedule_request &) { return vggen::schedule_parameters{{"lanes", 8}}; }},
     apply}};

} // namespace
