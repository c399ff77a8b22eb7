// Reads and augments pictures on threads of its own, ahead of training, and hands out batches.
#pragma once

#include "vggen/data/augmentation.hpp"
#include "vggen/data/batch.hpp"
#include "vggen/data/data_source.hpp"
#include "vggen/data/dataset.hpp"
#include "vggen/data/picture_extent.hpp"
#include "vggen/data/unreadable.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

namespace vggen {

struct loader_options {
  picture_extent extent{}; ///< of the network
  int batch_size = 1;      ///< examples
  std::uint64_t seed = 0;  ///< of the order and of the augmentation
  bool shuffle = false;    ///< each epoch in an order of its own, else that of the data set
  std::variant<evaluation, augmentation> view{}; ///< how pictures are shown
  int threads = 1;                               ///< that read and augment
  int batches_ahead = 3;                         ///< that are made ready while one is in use
  unreadable_images unreadable = unreadable_images::stop;
  /// With unreadable_images::skip: called by next(), on the caller's thread, for each picture that could not
  /// be read, with its index and the error's message, which names it; may be empty.
  std::function<void(std::int64_t index, const std::string &message)> on_unreadable{};
};

/// What a loader has done since it was made.
struct loader_counters {
  std::int64_t batches = 0;    ///< handed out
  std::int64_t unreadable = 0; ///< pictures that were skipped
  std::int64_t waits = 0;      ///< how often next() found that the next batch was not ready
  double wait_seconds = 0;     ///< that it waited then
  /// That it waited for the first batches after begin_epoch(), which count here alone.
  double start_seconds = 0;
};

/// Represents a data_source over a data set. All pictures come once an epoch, in the order that shuffle.hpp
/// makes of (seed, epoch), or in their own. What comes out depends on the data set, the options' extent,
/// batch_size, seed, shuffle and view, and on begin_epoch's arguments: neither on the number of threads nor
/// on time, and an epoch that is begun in the middle goes on as the whole one does.
///
/// An unreadable picture that is skipped stays in its place, with zeros and the label -1, and is counted by
/// batch::count; so does, for that epoch, a picture of whose box the view shows nothing. Memory for
/// batches_ahead + 1 batches is allocated once; a step allocates nothing but what reading and scaling
/// pictures take. Its functions are for one thread at a time.
class loader {
public:
  /// Starts the threads; they wait for begin_epoch(). Throws vggen::error with invalid_argument for options
  /// that are out of range (check_augmentation, check_evaluation; batch_size 1 to 2^20, threads and
  /// batches_ahead 1 to 1024) or a data set without pictures or with 2^32 or more; with out_of_memory if
  /// memory or threads cannot be had.
  loader(std::shared_ptr<const dataset> pictures, loader_options options);

  /// Ends in the middle of an epoch too, when the pictures that are being read have been read.
  ~loader();
  loader(const loader &) = delete;
  loader &operator=(const loader &) = delete;

  /// Begins epoch number `epoch`, from batch `first_batch` on; the reading starts at once. May be called at
  /// any time: an epoch that is under way ends, also after an error. Throws vggen::error with
  /// invalid_argument unless first_batch is in [0, batches()] and epoch below split_epoch (2^32 - 1).
  void begin_epoch(std::uint64_t epoch, std::int64_t first_batch = 0);

  /// Returns the next batch, waiting for it if need be; it is valid until the following call of next() or
  /// begin_epoch(). A count of 0 is the end of the epoch.
  ///
  /// Throws vggen::error with invalid_argument before the first begin_epoch(), and what reading or augmenting
  /// a picture of this batch threw: of several pictures, the first one's. That ends the epoch; next() throws
  /// it again until begin_epoch(). With unreadable_images::skip only what is no picture's own fault is
  /// thrown: no vggen::error but out_of_memory. Exceptions of on_unreadable pass through and lose the batch.
  const batch &next();

  [[nodiscard]] std::int64_t size() const noexcept;    ///< examples an epoch
  [[nodiscard]] std::int64_t batches() const noexcept; ///< an epoch; the last one may not be full
  [[nodiscard]] int classes() const noexcept;
  [[nodiscard]] int batch_size() const noexcept;
  [[nodiscard]] const picture_extent &extent() const noexcept;
  [[nodiscard]] loader_counters counters() const noexcept;

private:
  struct state;
  void stop() noexcept;

  std::unique_ptr<state> state_;
};

static_assert(data_source<loader>);

} // namespace vggen
