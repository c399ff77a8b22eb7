// How a fully connected layer's weights lie in memory once packed as bfloat16: rows of 32-bit words, [word,
// k].
//
// Each word holds two weights that are `lanes` apart, so that a vector of words is two vectors of weights:
// the low halves are `lanes` neighbouring weights, the high halves the next ones. The end of a row is filled
// with zeros. To kernels and runtime the words are floats, whose values nobody looks at.
#pragma once

#include "schedules/schedule.hpp"

#include <vggen/net/signature.hpp>

#include <cstdint>

namespace vggen {

/// Represents the packed form of a fully connected layer's weights.
struct bf16_rows {
  int lanes = 1; ///< words that make a vector
  int channels = 1, outputs = 1;

  bf16_rows(const signature &kernel, const weight_layout &layout)
      : lanes(layout.bf16_lanes), channels(kernel.channels), outputs(kernel.outputs) {}

  /// Words in a row.
  [[nodiscard]] int words() const { return (channels + 2 * lanes - 1) / (2 * lanes) * lanes; }
  [[nodiscard]] std::int64_t size() const { return std::int64_t{words()} * outputs; }
};

} // namespace vggen
