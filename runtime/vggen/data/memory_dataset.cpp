// Keeps pictures packed and widens grey ones to three channels when they are read.
#include "vggen/data/memory_dataset.hpp"

#include "vggen/io/error.hpp"

#include <algorithm>
#include <utility>

namespace vggen {

memory_dataset::memory_dataset(picture_extent extent, std::vector<std::uint8_t> pixels,
                               std::vector<int> labels, std::vector<std::string> class_names,
                               std::string noun)
    : extent_(extent), pixels_(std::move(pixels)), labels_(std::move(labels)),
      class_names_(std::move(class_names)), noun_(std::move(noun)) {
  check_extent(extent_, "memory_dataset");
  if (pixels_.size() % extent_.bytes() != 0 || pixels_.size() / extent_.bytes() != labels_.size())
    throw error(error_code::invalid_argument, "memory_dataset: found " + std::to_string(pixels_.size()) +
                                                  " values and " + std::to_string(labels_.size()) +
                                                  " labels, expected pictures of " + to_string(extent_) +
                                                  " and a label for each");
  const auto names_no_class = [&](int label) {
    return label < 0 || static_cast<std::size_t>(label) >= class_names_.size();
  };
  const auto wrong = std::ranges::find_if(labels_, names_no_class);
  if (wrong != labels_.end())
    throw error(error_code::invalid_argument, "memory_dataset: " + name(wrong - labels_.begin()) +
                                                  ": found the label " + std::to_string(*wrong) +
                                                  ", expected one of " + std::to_string(class_names_.size()) +
                                                  " classes, from 0 on");
}

void memory_dataset::read_into(std::int64_t i, image &picture) const {
  const std::size_t pixels =
      static_cast<std::size_t>(extent_.height) * static_cast<std::size_t>(extent_.width);
  const std::uint8_t *from = pixels_.data() + static_cast<std::size_t>(i) * extent_.bytes();
  picture.height = extent_.height;
  picture.width = extent_.width;
  picture.pixels.resize(3 * pixels);
  if (extent_.channels == 3) {
    std::copy_n(from, 3 * pixels, picture.pixels.data());
    return;
  }
  for (std::size_t p = 0; p < pixels; ++p)
    std::fill_n(picture.pixels.data() + 3 * p, 3, from[p]);
}

std::vector<std::string> numbered_classes(int count) {
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(std::max(count, 0)));
  for (int i = 0; i < count; ++i)
    names.push_back(std::to_string(i));
  return names;
}

} // namespace vggen
