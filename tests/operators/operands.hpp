// What a kernel reads, of every operator and direction.
#pragma once

#include "tensor.hpp"

#include <vggen/core/invoke_training.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace vggen::test {

/// What turns a pixel into an input of a network.
struct channel_constants {
  double divisor = 1, mean = 0, deviation = 1;
};

/// Represents what a batch norm has beside its input and gradients.
struct batch_norm_values {
  int images = 0;                       ///< the first so many count
  std::vector<double> scale{}, shift{}; ///< [c]
  std::vector<double> statistics{};     ///< mean [c], then variance [c]; backward kernels read them
  std::vector<double> scale_gradient{}, shift_gradient{}; ///< [c], which backward-data reads
};

/// Represents all that a kernel reads, and what it changes in place. An operator leaves empty what it has no
/// use for.
struct operands {
  std::string note; ///< what sets them apart from a kernel's other operands

  tensor input; ///< of the layer, in either direction; of a loss the values that it is of
  filter weights;
  std::vector<double> bias;

  tensor output_gradient; ///< of the layer, which backward kernels read
  dropout_draw draw;

  std::vector<channel_constants> constants; ///< preprocess: by channel of the output
  bool reverse = false;

  std::vector<std::int32_t> labels; ///< of a loss: by image
  float smoothing = 0;
  std::vector<double> targets; ///< squared_error: [image][number]
  float loss_weight = 1;

  batch_norm_values norm;

  std::vector<double> gradients, parameters, momenta; ///< sgd
  sgd_arguments update;
};

} // namespace vggen::test
