// A data set whose pictures are all of one size and lie in memory: what small published data sets become.
#pragma once

#include "vggen/data/dataset.hpp"
#include "vggen/data/picture_extent.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vggen {

/// Represents pictures of one extent in memory, a byte a value.
class memory_dataset final : public dataset {
public:
  /// Takes `pixels`, [n][y][x][c] of n * extent.bytes() values, and a label for each of the n pictures.
  /// Picture 17 is called "`noun` 17". Throws vggen::error with invalid_argument if the extent is none
  /// (check_extent), if pixels and labels do not fit together, or if a label is not the position of a class
  /// name.
  memory_dataset(picture_extent extent, std::vector<std::uint8_t> pixels, std::vector<int> labels,
                 std::vector<std::string> class_names, std::string noun = "image");

  [[nodiscard]] std::int64_t size() const noexcept override {
    return static_cast<std::int64_t>(labels_.size());
  }
  [[nodiscard]] const std::vector<std::string> &class_names() const noexcept override { return class_names_; }
  [[nodiscard]] int label(std::int64_t i) const override { return labels_[static_cast<std::size_t>(i)]; }
  void read_into(std::int64_t i, image &picture) const override;
  [[nodiscard]] std::string name(std::int64_t i) const override { return noun_ + " " + std::to_string(i); }

  [[nodiscard]] const picture_extent &extent() const noexcept { return extent_; }

private:
  picture_extent extent_;
  std::vector<std::uint8_t> pixels_; // [n][y][x][c]
  std::vector<int> labels_;          // [n]
  std::vector<std::string> class_names_;
  std::string noun_;
};

/// Returns "0", "1", … for data sets whose classes have no names.
[[nodiscard]] std::vector<std::string> numbered_classes(int count);

} // namespace vggen
