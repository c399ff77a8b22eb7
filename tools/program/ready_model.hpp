// A model that only has to be run: what the command `bench` and the benchmarks of whole models measure.
#pragma once

#include "tools/program/runnable_model.hpp"

#include <vggen/io/load_parameters.hpp>
#include <vggen/io/safetensors.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace vggen {

/// Represents the parameters of a model: those of a file or, with an empty path, random ones. Every page is
/// filled, because pages that were never written are all one and would be read too fast.
struct bench_parameters {
  bench_parameters(std::span<const parameter_info> infos, const std::filesystem::path &weights,
                   std::span<const packed_weights_info> packed);

  std::optional<safetensors_file> file;
  loaded_parameters loaded;
  std::vector<float> random;
  std::vector<const float *> tensors; ///< in the order of `infos`
};

/// Represents a model with parameters, images and threads.
class ready_model {
public:
  /// batch: one of the compiled ones, 0: the first that the weights can run; threads: as
  /// runnable_model::prepare has it. Throws vggen::error, also if the weights cannot run the batch.
  ready_model(runnable_model &model, const std::filesystem::path &weights, int batch, int threads);

  [[nodiscard]] int batch() const { return batch_; }
  [[nodiscard]] int threads() const { return threads_; }
  /// For one image.
  [[nodiscard]] std::int64_t multiply_adds() const { return multiply_adds_; }

  /// Images of that extent, of a model whose extent is dynamic.
  void set_extent(int height, int width) { multiply_adds_ = model_.set_extent(batch_, height, width); }

  /// Normalises the images; a run needs it before, since its activations overwrite them.
  void set_images();
  void forward() { model_.forward(batch_); }
  /// See runnable_model.
  void forward_observed(const std::function<void(int)> &observe) { model_.forward_observed(batch_, observe); }

private:
  runnable_model &model_;
  int batch_, threads_ = 0;
  std::int64_t multiply_adds_;
  bench_parameters parameters_;
  std::vector<std::uint8_t> images_;
  std::vector<float> constants_;
};

} // namespace vggen
