// What training takes its examples from: vggen's loader, or a type of the user's own.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

namespace vggen {

/// What next() gives: as vggen::batch, of which indices are not asked for, and targets only for networks that
/// give boxes.
template <class Batch>
concept batch_view = requires(const Batch &batch) {
  { batch.images } -> std::convertible_to<std::span<const std::uint8_t>>;
  { batch.labels } -> std::convertible_to<std::span<const std::int32_t>>;
  { batch.count } -> std::convertible_to<int>;
};

/// The targets of a batch; empty if it has none.
template <batch_view Batch> std::span<const float> targets_of(const Batch &batch) {
  if constexpr (requires {
                  { batch.targets } -> std::convertible_to<std::span<const float>>;
                })
    return batch.targets;
  else
    return {};
}

/// A source of examples for training or evaluation:
///
///   begin_epoch(epoch, first_batch)
///             starts epoch number `epoch`, from batch `first_batch` of it on: 0, or another one to go on
///             where training was interrupted. May be called at any time; what next() gave before ends with
///             it.
///   next()    the next batch, valid until the following call of next() or begin_epoch(). Its images are
///             [n][y][x][c], bytes from 0 to 255, its labels [n], -1 where an example is to be left out; both
///             always have the same full size. `count` is the number of places used, from the first on; the
///             others have the label -1. A count of 0 ends the epoch.
///   size()    how many examples an epoch has
///   classes() labels are below this
///
/// For training that can be repeated bit by bit and resumed, what comes out may depend on nothing but the
/// arguments of begin_epoch. Errors are exceptions; all functions are called from one thread.
///
/// memory_source.hpp has a simple one, loader.hpp the one for use.
template <class Source>
concept data_source =
    requires(Source &source, const Source &constant, std::uint64_t epoch, std::int64_t first_batch) {
      source.begin_epoch(epoch, first_batch);
      { source.next() } -> batch_view;
      { constant.size() } -> std::convertible_to<std::int64_t>;
      { constant.classes() } -> std::convertible_to<int>;
    };

} // namespace vggen
