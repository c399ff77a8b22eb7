// What a network's frozen layers give for each image of a data set, kept in a file: bottleneck features, from
// which the rest is trained in a fraction of the time.
#pragma once

#include "vggen/train/trainable.hpp"

#include <vggen/data/batch.hpp>
#include <vggen/data/data_source.hpp>
#include <vggen/data/loader.hpp>
#include <vggen/io/preprocessing.hpp>
#include <vggen/io/safetensors.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vggen {

/// The features that a cache holds, told apart from others: a text that differs where the frozen parameters,
/// the machine code, the normalisation or, as `data` says, the data do.
[[nodiscard]] std::string feature_key(trainable &network, const preprocessing &how, std::string_view data);

/// Whether the file is there and holds features of that key. Throws vggen::error if it cannot be read.
[[nodiscard]] bool has_features(const std::filesystem::path &path, const std::string &key);

/// Represents a part of a data set on its way into a cache.
struct feature_part {
  std::string name; ///< "training"
  loader *images;   ///< in their order, as they are shown
};

/// Writes the features of these parts; `done` is called with the share that is done, of 1. Throws
/// vggen::error as the loaders and write_safetensors do; what was at `path` is then as it was.
void write_features(const std::filesystem::path &path, const std::string &key, trainable &network,
                    const normalisation &how, std::span<const feature_part> parts,
                    const std::function<void(double)> &done);

/// Represents a data_source of the features of a part, in the place of images: for head_network. The order is
/// the loader's with the same seed.
class feature_source {
public:
  /// Throws vggen::error if the file does not hold that part for that network.
  feature_source(const std::filesystem::path &path, const std::string &part, const trainable_facts &network,
                 bool shuffled, std::uint64_t seed);

  void begin_epoch(std::uint64_t epoch, std::int64_t first_batch = 0);
  const batch &next();

  [[nodiscard]] std::int64_t size() const noexcept { return static_cast<std::int64_t>(order_.size()); }
  [[nodiscard]] std::int64_t batches() const noexcept;
  [[nodiscard]] int classes() const noexcept { return classes_; }
  /// None waits.
  [[nodiscard]] static loader_counters counters() noexcept { return {}; }

private:
  [[nodiscard]] std::span<const std::byte> tensor(const std::string &name, element_type type,
                                                  const std::vector<std::int64_t> &shape) const;

  safetensors_file file_;
  std::size_t batch_size_, feature_bytes_, target_floats_;
  int classes_;
  bool shuffled_;
  std::uint64_t seed_;
  std::span<const std::byte> features_, labels_, targets_; // of all images
  std::vector<std::uint32_t> order_;
  std::size_t next_ = 0; // in order_
  std::vector<std::uint8_t> batch_features_;
  std::vector<std::int32_t> batch_labels_;
  std::vector<std::int64_t> batch_indices_;
  std::vector<float> batch_targets_;
  batch current_;
};

static_assert(data_source<feature_source>);

} // namespace vggen
