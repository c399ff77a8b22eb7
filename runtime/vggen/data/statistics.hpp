// What the values of a data set are like: what pictures are normalised by, and how their colours vary.
#pragma once

#include "vggen/data/dataset.hpp"
#include "vggen/data/principal_components.hpp"
#include "vggen/data/unreadable.hpp"

#include <array>
#include <cstdint>
#include <functional>

namespace vggen {

/// Represents the statistics of all pixels of a data set, each of which counts the same, as bytes divided by
/// 255.
struct image_statistics {
  int channels = 3;
  std::array<double, 3> mean{};      ///< [c], of the first `channels`
  std::array<double, 3> deviation{}; ///< [c]; standard deviations, of n and not n - 1 pixels
  principal_components colours;      ///< of the covariance of red, green and blue; zeros for one channel
  std::int64_t pixels = 0;           ///< that were counted
  std::int64_t unreadable = 0;       ///< pictures that were skipped
};

struct statistics_options {
  int channels = 3; ///< 3: red, green, blue; 1: grey (luma)
  int threads = 1;  ///< that read pictures
  unreadable_images unreadable = unreadable_images::stop;
  /// Called now and then on the calling thread with the number of pictures done and that of all; may be
  /// empty.
  std::function<void(std::int64_t done, std::int64_t all)> progress{};
};

/// Returns the statistics of `pictures`, as they are read, neither resized nor cropped. They are made of sums
/// of whole numbers and so have the same bits on any number of threads.
///
/// Throws what reading pictures throws (of several, the error of the first picture), what `progress` throws,
/// and vggen::error with invalid_argument for options that are out of range or without a single pixel to
/// count.
[[nodiscard]] image_statistics find_statistics(const dataset &pictures,
                                               const statistics_options &options = {});

} // namespace vggen
