// Fills its arrays up to whole batches once; every batch is then a view of them.
#include "vggen/data/memory_source.hpp"

#include "vggen/io/error.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <utility>

namespace vggen {

memory_source::memory_source(const picture_extent &extent, std::vector<std::uint8_t> pixels,
                             std::vector<std::int32_t> labels, int classes, int batch_size)
    : pixels_(std::move(pixels)), labels_(std::move(labels)),
      size_(static_cast<std::int64_t>(labels_.size())), classes_(classes),
      batch_size_(static_cast<std::size_t>(batch_size)), image_bytes_(extent.bytes()) {
  check_extent(extent, "memory_source");
  const auto is_no_class = [&](std::int32_t label) { return label < 0 || label >= classes_; };
  if (batch_size < 1 || pixels_.size() % image_bytes_ != 0 ||
      pixels_.size() / image_bytes_ != labels_.size() || std::ranges::any_of(labels_, is_no_class))
    throw error(error_code::invalid_argument,
                "memory_source: found " + std::to_string(pixels_.size()) + " values and " +
                    std::to_string(labels_.size()) + " labels for batches of " + std::to_string(batch_size) +
                    ", expected pictures of " + to_string(extent) + ", for each a label from 0 to " +
                    std::to_string(classes_ - 1) + ", and batches of at least one");
  indices_.resize(labels_.size());
  std::iota(indices_.begin(), indices_.end(), std::int64_t{0});
  const std::size_t filled = (labels_.size() + batch_size_ - 1) / batch_size_ * batch_size_;
  pixels_.resize(filled * image_bytes_);
  labels_.resize(filled, -1);
  indices_.resize(filled, -1);
  next_ = filled; // next() gives nothing before begin_epoch
}

void memory_source::begin_epoch(std::uint64_t /*epoch*/, std::int64_t first_batch) {
  const std::size_t batches = labels_.size() / batch_size_;
  if (first_batch < 0 || static_cast<std::uint64_t>(first_batch) > batches)
    throw error(error_code::invalid_argument, "memory_source: found the first batch " +
                                                  std::to_string(first_batch) + ", expected 0 to " +
                                                  std::to_string(batches));
  next_ = static_cast<std::size_t>(first_batch) * batch_size_;
}

const batch &memory_source::next() {
  current_ = {};
  if (next_ == labels_.size()) return current_;
  current_.images = std::span(pixels_).subspan(next_ * image_bytes_, batch_size_ * image_bytes_);
  current_.labels = std::span(labels_).subspan(next_, batch_size_);
  current_.indices = std::span(indices_).subspan(next_, batch_size_);
  current_.count = static_cast<int>(std::min(batch_size_, static_cast<std::size_t>(size_) - next_));
  next_ += batch_size_;
  return current_;
}

} // namespace vggen
