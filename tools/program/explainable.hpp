// A model with gradients behind an interface of plain types: what the command explain needs.
#pragma once

#include <vggen/net/shape.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace vggen {

/// Represents a layer that can be looked at: a feature of the network whose output is a map.
struct explained_layer {
  int index = 0;
  std::string name; ///< the paper's
  shape extent{};
};

/// What a layer gave for an image, and the gradient of a class's logit with respect to it: [c][y][x].
struct explanation {
  std::vector<float> activations, gradients;
};

/// Represents a classifier whose logits are its last feature. Errors are thrown as vggen::error.
class explainable {
public:
  virtual ~explainable() = default;

  [[nodiscard]] virtual const std::vector<explained_layer> &layers() const = 0;

  /// Takes memory, threads and the parameters, in the network's order, which must outlive the model. 0
  /// threads: as many as VGGEN_NUM_THREADS or the machine say.
  virtual void prepare(std::span<const float *const> parameters, int threads) = 0;

  /// Runs an image [y][x][c]; constants [{divisor, mean, deviation}][c]. Returns the logits.
  virtual std::vector<float> classify(std::span<const std::uint8_t> image, std::span<const float> constants,
                                      bool reverse_channels) = 0;
  /// Of the last image.
  virtual explanation explain(const explained_layer &layer, int of_class) = 0;
};

} // namespace vggen
