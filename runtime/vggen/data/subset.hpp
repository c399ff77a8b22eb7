// Parts of a data set, above all the one that is kept back for validation.
#pragma once

#include "vggen/data/dataset.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vggen {

/// Represents some pictures of a data set, in an order of their own.
class subset final : public dataset {
public:
  /// The pictures of `whole` that `indices` lists. Throws vggen::error with invalid_argument if an index is
  /// out of range.
  subset(std::shared_ptr<const dataset> whole, std::vector<std::int64_t> indices);

  [[nodiscard]] std::int64_t size() const noexcept override {
    return static_cast<std::int64_t>(indices_.size());
  }
  [[nodiscard]] const std::vector<std::string> &class_names() const noexcept override {
    return whole_->class_names();
  }
  [[nodiscard]] int label(std::int64_t i) const override { return whole_->label(index(i)); }
  [[nodiscard]] std::optional<box> find_box(std::int64_t i) const override {
    return whole_->find_box(index(i));
  }
  void read_into(std::int64_t i, image &picture) const override { whole_->read_into(index(i), picture); }
  [[nodiscard]] std::string name(std::int64_t i) const override { return whole_->name(index(i)); }

  /// Which picture of the whole picture i is.
  [[nodiscard]] std::int64_t index(std::int64_t i) const { return indices_[static_cast<std::size_t>(i)]; }

private:
  std::shared_ptr<const dataset> whole_;
  std::vector<std::int64_t> indices_;
};

/// A data set in two parts that have no picture in common and all of them together.
struct dataset_split {
  std::shared_ptr<const subset> training;
  std::shared_ptr<const subset> validation;
};

/// Keeps `validation_count` random pictures of `whole` back; which ones, the size of `whole` and the seed
/// determine (the first of shuffle(…, seed, split_epoch)). Both parts keep the order of the whole. Throws
/// vggen::error with invalid_argument unless each part gets a picture, or if there are 2^32 or more.
[[nodiscard]] dataset_split split(std::shared_ptr<const dataset> whole, std::int64_t validation_count,
                                  std::uint64_t seed);

/// As split, for the share of the pictures that is kept back, rounded to a whole number of them: 0.1 of
/// 60,000 is 6,000.
[[nodiscard]] dataset_split split_share(std::shared_ptr<const dataset> whole, double validation_share,
                                        std::uint64_t seed);

} // namespace vggen
