// A compiled model behind an interface of plain types, so that the command line is compiled once for all
// models.
#pragma once

#include <vggen/core/kernel.hpp>
#include <vggen/core/packed_weights.hpp>
#include <vggen/net/parameters.hpp>
#include <vggen/net/shape.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vggen {

/// Represents one line of a network's summary.
struct layer_row {
  int index = 0;
  std::string name;   ///< the paper's: conv1_1
  std::string module; ///< torchvision's: features.0
  std::string keras;  ///< block1_conv1
  std::string layer;  ///< as it is written: conv3x3<64>
  shape output{};
  std::int64_t parameters = 0;
  std::int64_t multiply_adds = 0;
  int kernel = -1; ///< in the model's table: what computes it; -1: nothing has to be done
};

/// What is known of a model before it runs.
struct model_facts {
  std::string_view name;
  std::string_view target;
  std::string_view tuned_for; ///< the processor that schedules were tuned on; empty: they were not
  std::int64_t parameters = 0;
  std::int64_t multiply_adds = 0; ///< for one image
  int receptive_field = 0;        ///< pixels, of the last layer before the classifier
  shape input{}, output{};
  int boxes = 0; ///< that it gives for an image: one, or one a class; 0: none
  std::vector<layer_row> layers;
  std::vector<int> batches;
  std::vector<std::size_t> arena_bytes; ///< for each of `batches`
  std::span<const compiled_kernel> kernels;
  std::span<const parameter_info> parameter_tensors;
  std::span<const packed_weights_info> packed_weights; ///< what kernels want packed
  std::span<const std::uint64_t> plain_runs;           ///< which runs read each parameter as it is
  std::span<const std::byte>
      embedded_weights; ///< a safetensors file in the program itself; empty: there is none
};

/// Represents a model that runs. Errors are thrown as vggen::error.
class runnable_model {
public:
  virtual ~runnable_model() = default;

  [[nodiscard]] virtual const model_facts &facts() const = 0;
  [[nodiscard]] virtual std::size_t scratch_bytes(int batch, int threads) const = 0;

  /// Takes the parameters, in the order of facts().parameter_tensors, and those that are packed already, in
  /// that of facts().packed_weights (empty: none are); null where one is missing (see has_all). They must
  /// outlive the model. With `features` single layers can be run to.
  virtual void assign(std::span<const float *const> parameters, std::span<const float *const> packed,
                      bool features) = 0;
  /// Makes the context of a batch, one of facts().batches, and packs the weights that it reads, after
  /// assign(). 0 threads: as many as VGGEN_NUM_THREADS or the machine say. `packed` is called for each part
  /// of the parameters that was packed, and that only other batches may read again. Returns how many threads
  /// there are.
  virtual int prepare(int batch, int threads, const std::function<void(std::span<const float>)> &packed) = 0;

  /// Weights as they were packed for the prepared batches, or came packed, in the order of
  /// facts().packed_weights; empty where there are none.
  [[nodiscard]] virtual std::span<const float> packed_weights(std::size_t place) const = 0;

  /// Sets the extent of the images that come next, of a model whose extent is dynamic (before, it is the
  /// largest). Returns the multiply-adds for one of them.
  virtual std::int64_t set_extent(int batch, int height, int width) = 0;

  /// Takes `batch` images [n][y][x][c]; constants [{divisor, mean, deviation}][c].
  virtual void set_images(int batch, std::span<const std::uint8_t> images, std::span<const float> constants,
                          bool reverse_channels) = 0;
  virtual void forward(int batch) = 0;
  /// The same; `observe` is called before the first kernel and after each one, with its index in the table.
  virtual void forward_observed(int batch, const std::function<void(int)> &observe) = 0;
  virtual void forward_to(int batch, int layer) = 0;

  /// The logits, or a layer's output after forward_to, [n][c][y][x].
  [[nodiscard]] virtual std::vector<float> logits(int batch) const = 0;
  [[nodiscard]] virtual std::vector<float> output_of(int batch, int layer) const = 0;
  [[nodiscard]] virtual shape shape_of(int layer) const = 0;
};

} // namespace vggen
