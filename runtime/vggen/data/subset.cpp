// Splits by the beginning of a shuffled order.
#include "vggen/data/subset.hpp"

#include "vggen/data/shuffle.hpp"
#include "vggen/io/error.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>

namespace vggen {

subset::subset(std::shared_ptr<const dataset> whole, std::vector<std::int64_t> indices)
    : whole_(std::move(whole)), indices_(std::move(indices)) {
  const auto outside = [&](std::int64_t index) { return index < 0 || index >= whole_->size(); };
  const auto wrong = std::ranges::find_if(indices_, outside);
  if (wrong != indices_.end())
    throw error(error_code::invalid_argument, "subset: found the index " + std::to_string(*wrong) +
                                                  ", expected one of " + std::to_string(whole_->size()) +
                                                  " images, from 0 on");
}

dataset_split split(std::shared_ptr<const dataset> whole, std::int64_t validation_count, std::uint64_t seed) {
  const std::int64_t size = whole->size();
  if (size > std::int64_t{0xffffffff} || validation_count < 1 || validation_count >= size)
    throw error(error_code::invalid_argument, "split: found " + std::to_string(validation_count) +
                                                  " images for validation of " + std::to_string(size) +
                                                  ", expected at least one in each part, of less than 2^32");
  std::vector<std::uint32_t> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), 0U);
  shuffle(order, seed, split_epoch);
  const auto part = [&](std::span<const std::uint32_t> chosen) {
    std::vector<std::int64_t> indices(chosen.begin(), chosen.end());
    std::ranges::sort(indices);
    return std::make_shared<const subset>(whole, std::move(indices));
  };
  const auto kept_back = static_cast<std::size_t>(validation_count);
  return {.training = part(std::span(order).subspan(kept_back)),
          .validation = part(std::span(order).first(kept_back))};
}

dataset_split split_share(std::shared_ptr<const dataset> whole, double validation_share, std::uint64_t seed) {
  if (std::isnan(validation_share) || validation_share <= 0 || validation_share >= 1)
    throw error(error_code::invalid_argument, "split_share: found the share " +
                                                  std::to_string(validation_share) +
                                                  ", expected more than 0 and less than 1");
  const std::int64_t count = std::llround(validation_share * static_cast<double>(whole->size()));
  return split(std::move(whole), count, seed);
}

} // namespace vggen
