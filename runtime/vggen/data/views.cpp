// Numbers views, and scales each picture once for all of a scale's.
#include "vggen/data/views.hpp"

#include "vggen/io/error.hpp"
#include "vggen/io/resize.hpp"

#include <algorithm>
#include <utility>

namespace vggen {
namespace {

constexpr int largest_scale = 32768; // as check_evaluation has it

std::int64_t scale_count(const view_options &how) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(how.scales.size()));
}

std::int64_t views_at_a_scale(const view_options &how) {
  return std::int64_t{how.crops} * (how.flip ? 2 : 1);
}

} // namespace

std::int64_t view_options::count() const noexcept { return scale_count(*this) * views_at_a_scale(*this); }

void check_views(const view_options &how, const picture_extent &extent) {
  check_extent(extent, "views");
  check_crop_count(how.crops);
  const int larger = std::max(extent.height, extent.width);
  for (const int scale : how.scales)
    if (scale < larger || scale > largest_scale)
      throw error(error_code::invalid_argument, "scales: found " + std::to_string(scale) + ", expected " +
                                                    std::to_string(larger) + " (the network's extent) to " +
                                                    std::to_string(largest_scale));
}

view_dataset::view_dataset(std::shared_ptr<const dataset> pictures, const picture_extent &extent,
                           view_options how)
    : pictures_(std::move(pictures)), extent_(extent), how_(std::move(how)), count_(how_.count()) {
  check_views(how_, extent_);
}

std::shared_ptr<const image> view_dataset::scaled_picture(std::int64_t number) const {
  {
    const std::scoped_lock lock(mutex_);
    const auto known = std::ranges::find(recent_, number, &scaled::number);
    if (known != recent_.end()) return known->picture;
  }
  // Not under the lock: at worst two threads do the same.
  const image picture = pictures_->read(number / scale_count(how_));
  const auto made = std::make_shared<const image>(
      how_.scales.empty()
          ? resize_to_cover(picture, extent_.height, extent_.width)
          : resize_smaller_side(picture, how_.scales[static_cast<std::size_t>(number % scale_count(how_))]));
  const std::scoped_lock lock(mutex_);
  recent_[oldest_] = {.number = number, .picture = made};
  oldest_ = (oldest_ + 1) % recent_.size();
  return made;
}

void view_dataset::read_into(std::int64_t i, image &picture) const {
  const std::int64_t at_a_scale = views_at_a_scale(how_);
  const auto whole = scaled_picture(i / at_a_scale);
  const auto crops = crops_of(whole->height, whole->width, extent_, how_.crops, how_.flip);
  cut_crop(*whole, crops[static_cast<std::size_t>(i % at_a_scale)], extent_.height, extent_.width, picture);
}

} // namespace vggen
