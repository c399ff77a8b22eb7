// A data set as a network is tested on it: several views of each picture, at several sizes.
#pragma once

#include "vggen/data/crops.hpp"
#include "vggen/data/dataset.hpp"
#include "vggen/data/picture_extent.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace vggen {

/// Represents the views of a picture (section 3.2 of the VGG paper, arXiv 1409.1556). For each scale its
/// smaller side is brought to that many pixels, as resize_smaller_side does, and crops are cut out.
struct view_options {
  std::vector<int> scales; ///< pixels, at least the network's larger extent; none: it is just covered
  int crops = 1;           ///< at a scale: 1, 5 or 25; see crops_of
  bool flip = false;       ///< each crop's mirror image, too

  /// How many there are of each picture.
  [[nodiscard]] std::int64_t count() const noexcept;
};

/// Throws vggen::error with invalid_argument, saying what was found and expected, unless the views are
/// possible for a network of that extent.
void check_views(const view_options &how, const picture_extent &extent);

/// Represents the views of all pictures of a data set, each of the network's height and width: picture p's
/// are those from p * how.count() on, by scale, in the order of crops_of. A loader hands them out in batches
/// like any pictures. The scaled pictures that were used last are kept, so that one need not be read and
/// scaled again for each crop.
class view_dataset final : public dataset {
public:
  /// Throws vggen::error as check_views does.
  view_dataset(std::shared_ptr<const dataset> pictures, const picture_extent &extent, view_options how);

  [[nodiscard]] std::int64_t size() const noexcept override { return pictures_->size() * count_; }
  [[nodiscard]] const std::vector<std::string> &class_names() const noexcept override {
    return pictures_->class_names();
  }
  [[nodiscard]] int label(std::int64_t i) const override { return pictures_->label(i / count_); }
  void read_into(std::int64_t i, image &picture) const override;
  /// The picture's.
  [[nodiscard]] std::string name(std::int64_t i) const override { return pictures_->name(i / count_); }

  [[nodiscard]] const view_options &how() const noexcept { return how_; }

private:
  struct scaled {
    std::int64_t number = -1; // of the picture and the scale
    std::shared_ptr<const image> picture;
  };

  [[nodiscard]] std::shared_ptr<const image> scaled_picture(std::int64_t number) const;

  std::shared_ptr<const dataset> pictures_;
  picture_extent extent_;
  view_options how_;
  std::int64_t count_;
  mutable std::mutex mutex_;
  mutable std::array<scaled, 4> recent_; // threads are at most a few pictures apart
  mutable std::size_t oldest_ = 0;
};

} // namespace vggen
