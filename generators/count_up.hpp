// Tiles, panels, vectors: how many it takes.
#pragma once

namespace vggen {

/// How many units hold `count` things, the last one perhaps not full.
constexpr int count_up(int count, int unit) { return (count + unit - 1) / unit; }

} // namespace vggen
