// Schedules that Halide's autoschedulers find: they know nothing of the operator, but of loops. What a
// schedule by hand must beat. Their parameters are the autoschedulers' own, so that a schedule file can say
// others.
//
// parallelism is how many threads they count on. Kernels run on any number; 16 is Halide's own default.
// Sums must not depend on the number of threads (see li2018).
#pragma once

#include "schedules/schedule.hpp"

namespace vggen {

/// Mullapudi2016: groups stages and tiles them for a cache of `last_level_cache_size` bytes, where a load
/// costs `balance` operations.
inline schedule_info mullapudi2016(double error) {
  return {
      .name = "mullapudi",
      .parameters = {{"parallelism", 1, 256}, {"last_level_cache_size", 1024, 1 << 30}, {"balance", 1, 1000}},
      .defaults =
          [](const schedule_request &) {
            return schedule_parameters{
                {"parallelism", 16}, {"last_level_cache_size", 16 << 20}, {"balance", 40}};
          },
      .autoscheduler = "Mullapudi2016",
      .error = measured_error(error)};
}

/// Adams2019: a beam search over loop nests, by a learned model of what they cost. It drops nothing at random
/// (random_dropout is Halide's 100 %), so that the same kernel gets the same schedule.
///
/// Halide's own beam of 32 takes 6 to 110 s for a convolution of VGG16, beams of 8 and 4 take 1 to 3 s and
/// about 1 s. No beam is the best one throughout; over 56x56 pixels all do the same, and at 14x14 8 is by far
/// the best, 1 and 32 being four times slower.
inline schedule_info adams2019(double error) {
  return {
      .name = "adams",
      .parameters = {{"beam_size", 1, 256}, {"parallelism", 1, 256}},
      .defaults =
          [](const schedule_request &) { return schedule_parameters{{"beam_size", 8}, {"parallelism", 16}}; },
      .autoscheduler = "Adams2019",
      .error = measured_error(error)};
}

/// Li2018: every stage by itself, one dimension of it vectorised and the others parallel. Where a stage has
/// too few elements for its threads it makes sums in several threads, in no fixed order; for one thread it
/// never does. What is left for the threads is eight tasks a stage.
inline schedule_info li2018(double error) {
  return {.name = "li",
          .parameters = {{"parallelism", 1, 1}},
          .defaults = [](const schedule_request &) { return schedule_parameters{{"parallelism", 1}}; },
          .autoscheduler = "Li2018",
          .error = measured_error(error)};
}

} // namespace vggen
