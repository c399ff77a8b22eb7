// Reductions over many values for few results: a block of threads makes each, every thread of it a share.
#pragma once

#include <Halide.h>

#include <vector>

namespace vggen {

/// Schedules a Func that is defined by an update over `reduced`, with a block for each of its values. At most
/// three variables.
inline void compute_in_lanes(Halide::Func f, const Halide::RVar &reduced,
                             const std::vector<Halide::Var> &blocks) {
  constexpr int lanes = 64;
  Halide::RVar turn("turn"), share("share");
  const Halide::Var lane("lane");
  Halide::Stage update = f.update();
  update.split(reduced, turn, share, lanes);
  Halide::Func partial = update.rfactor(share, lane);
  const auto over_blocks = [&](Halide::Stage stage) {
    if (blocks.size() == 1)
      stage.gpu_blocks(blocks[0]);
    else
      stage.gpu_blocks(blocks[0], blocks[1], blocks[2]);
  };
  over_blocks(Halide::Stage(f));
  over_blocks(f.update());
  partial.compute_at(f, blocks[0]).store_in(Halide::MemoryType::GPUShared).gpu_threads(lane);
  partial.update().gpu_threads(lane);
}

} // namespace vggen
