// A dense network of dynamic extent behind an interface of plain types: what classifies whole images.
#pragma once

#include <vggen/net/parameters.hpp>
#include <vggen/net/shape.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace vggen {

/// Scores of the classes at each place of an image: [c][y][x] of `extent`. Places are `stride` pixels apart,
/// the first of them in the middle of the first window of the network's least extent.
struct score_map {
  shape extent{};
  int stride = 1;
  std::vector<float> scores;
};

/// Represents a classifier of whole images (vggen::dense, with a dynamic input). Errors are thrown as
/// vggen::error.
class dense_classifier {
public:
  virtual ~dense_classifier() = default;

  /// The smallest and the largest image.
  [[nodiscard]] virtual shape least() const = 0;
  [[nodiscard]] virtual shape most() const = 0;
  [[nodiscard]] virtual int classes() const = 0;
  [[nodiscard]] virtual std::span<const parameter_info> parameter_tensors() const = 0;

  /// Takes memory, threads and the parameters, in that order, which must outlive the classifier or the next
  /// call. 0 threads: as many as VGGEN_NUM_THREADS or the machine say.
  virtual void prepare(std::span<const float *const> parameters, int threads) = 0;

  /// Runs an image [y][x][c] of an extent from least() to most(); constants [{divisor, mean, deviation}][c].
  /// Returns the logits: the means of the scores over the image.
  virtual std::vector<float> classify(std::span<const std::uint8_t> image, int height, int width,
                                      std::span<const float> constants, bool reverse_channels) = 0;
  /// Of the last image.
  [[nodiscard]] virtual score_map scores() const = 0;
};

} // namespace vggen
