// The simplest data_source: pictures in memory, in their order, as they are. An example, and good for tests.
#pragma once

#include "vggen/data/batch.hpp"
#include "vggen/data/data_source.hpp"
#include "vggen/data/picture_extent.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vggen {

/// Represents a data_source of the pictures that it is given.
class memory_source {
public:
  /// Takes `pixels`, [n][y][x][c] of n * extent.bytes() values, and a label, in [0, classes), for each
  /// picture. Throws vggen::error with invalid_argument if they do not fit together.
  memory_source(const picture_extent &extent, std::vector<std::uint8_t> pixels,
                std::vector<std::int32_t> labels, int classes, int batch_size);

  void begin_epoch(std::uint64_t epoch, std::int64_t first_batch = 0);
  const batch &next();

  [[nodiscard]] std::int64_t size() const noexcept { return size_; }
  [[nodiscard]] int classes() const noexcept { return classes_; }

private:
  std::vector<std::uint8_t> pixels_;  // [n][y][x][c], filled up to whole batches
  std::vector<std::int32_t> labels_;  // [n], likewise
  std::vector<std::int64_t> indices_; // [n], likewise
  std::int64_t size_;
  int classes_;
  std::size_t batch_size_;
  std::size_t image_bytes_;
  std::size_t next_ = 0; // example
  batch current_;
};

static_assert(data_source<memory_source>);

} // namespace vggen
