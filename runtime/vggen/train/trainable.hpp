// A network in training behind an interface of plain types, so that trainers, checkpoints and command lines
// are compiled once for all networks. Errors are thrown as vggen::error.
#pragma once

#include <vggen/core/invoke_training.hpp>
#include <vggen/core/training_context.hpp>
#include <vggen/net/layers.hpp>
#include <vggen/net/parameters.hpp>
#include <vggen/net/shape.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vggen {

/// What pixels are normalised by: (pixel / divisor - mean) / deviation, each by channel.
struct normalisation {
  std::vector<float> constants; ///< [{divisor, mean, deviation}][c]
  bool reverse_channels = false;
};

/// What is known of a network in training before it runs.
struct trainable_facts {
  std::string_view name;
  std::string_view target;
  int batch = 0;   ///< images of one step
  int classes = 0; ///< that it tells apart, or gives a box each; 0: one box, whatever the class
  int boxes = 0;   ///< that it gives for an image: one, or one a class; 0: it classifies
  shape input{};
  std::span<const parameter_info> parameter_tensors;
  std::span<const std::int64_t> parameter_offsets; ///< in floats; the last one is the size of all
  std::size_t first_trained = 0; ///< index of the first parameter tensor that training changes
  std::size_t state_bytes = 0;   ///< of parameters, gradients and momenta
  std::size_t arena_bytes = 0;   ///< of activations and their gradients
  std::string kernels_key;       ///< the same for the same machine code
  /// Floats of what the frozen layers give for an image (forward_frozen); 0 if none is frozen, or the others
  /// have batch norms.
  std::size_t frozen_floats = 0;

  /// Numbers that it gives for an image: logits, or boxes [box][box_numbers].
  [[nodiscard]] std::size_t outputs() const {
    return static_cast<std::size_t>(boxes > 0 ? boxes * box_numbers : classes);
  }
};

/// Represents a network in training; see training_context, whose functions these are.
class trainable {
public:
  virtual ~trainable() = default;

  [[nodiscard]] virtual const trainable_facts &facts() const = 0;

  /// Takes memory and threads; 0 threads: as many as VGGEN_NUM_THREADS or the machine say. Returns how many
  /// there are.
  virtual int prepare(int threads) = 0;

  [[nodiscard]] virtual std::span<float> parameters() = 0;
  [[nodiscard]] virtual std::span<float> gradients() = 0;
  [[nodiscard]] virtual std::span<float> momenta() = 0;
  virtual void parameters_changed() = 0;
  [[nodiscard]] virtual std::span<float> rate_factors() = 0;
  [[nodiscard]] virtual std::span<float> decay_factors() = 0;

  /// images: [n][y][x][c], a whole batch, of which the first `count` count.
  virtual void forward(std::span<const std::uint8_t> images, const normalisation &how,
                       const step_number &number, int count) = 0;
  /// Returns each image's loss: against its label, or, where the network gives boxes, against its target.
  virtual std::span<const float> loss(std::span<const std::int32_t> labels, std::span<const float> targets,
                                      float smoothing, float weight) = 0;
  virtual void backward() = 0;
  virtual void update(const sgd_arguments &arguments) = 0;
  /// Copies the logits [n][class], or boxes [n][box][box_numbers], of the last forward run.
  virtual void copy_logits(std::span<float> out) const = 0;
  /// After forward(): the name of the first layer whose output, among those that are kept, is not finite;
  /// empty if there is none.
  [[nodiscard]] virtual std::string layer_not_finite() const = 0;

  /// forward() in two halves, where facts().frozen_floats is not 0: what the layers give that were frozen
  /// when the network was compiled, [n][value], and the rest from there on.
  virtual void forward_frozen(std::span<const std::uint8_t> images, const normalisation &how,
                              std::span<float> values) = 0;
  virtual void forward_trained(std::span<const float> values, const step_number &number, int count) = 0;
  /// evaluate() from there on.
  virtual void evaluate_trained(std::span<const float> values, std::span<float> logits) = 0;

  /// Runs the network as it classifies, without dropout: logits, or boxes, as copy_logits().
  virtual void evaluate(std::span<const std::uint8_t> images, const normalisation &how,
                        std::span<float> logits) = 0;
};

} // namespace vggen
