// How far an epoch is, while it goes on.
#pragma once

#include <vggen/train/trainer.hpp>

#include <chrono>
#include <string>

namespace vggen {

/// Represents an epoch's line on standard error: on a terminal a bar that changes, elsewhere a line every
/// quarter of a minute.
class epoch_bar {
public:
  /// images: that the epoch begins with, if it was interrupted. boxes: that is what the network gives.
  epoch_bar(std::int64_t epoch, std::int64_t epochs, std::int64_t images, bool boxes);
  ~epoch_bar();
  epoch_bar(const epoch_bar &) = delete;
  epoch_bar &operator=(const epoch_bar &) = delete;

  void update(const epoch_progress &progress);

  [[nodiscard]] double seconds() const;
  [[nodiscard]] double images_per_second(const training_totals &totals) const;

private:
  using clock = std::chrono::steady_clock;

  std::int64_t epoch_, epochs_, images_before_;
  std::int64_t first_batch_ = -1;
  clock::time_point start_ = clock::now(), next_ = start_;
  bool boxes_;
  bool terminal_;
  bool shown_ = false;
};

} // namespace vggen
