// The learning rates that a plan tells, by ranges of epochs.
#include "tools/trainer/training_plan.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace vggen;

namespace {

using lines = std::vector<std::string>;
using enum learning_rate_kind;

lines lines_of(const learning_rate_policy &policy, std::int64_t in_epoch, std::int64_t epochs) {
  return rate_lines({policy, in_epoch, epochs}, in_epoch, epochs);
}

} // namespace

TEST_CASE("learning rates by ranges of epochs") {
  CHECK(lines_of({.rate = 0.01}, 10, 5) == lines{"epochs 1 to 5: 0.01"});
  CHECK(lines_of({.rate = 0.01}, 10, 1) == lines{"epoch 1: 0.01"});
  CHECK(lines_of({.rate = 0.01, .warmup_steps = 15}, 10, 5) ==
        lines{"epochs 1 to 2: 0.0006667 to 0.01", "epochs 3 to 5: 0.01"});
  CHECK(lines_of({.kind = steps, .rate = 0.01, .milestones = {1, 3, 9}}, 10, 5) ==
        lines{"epoch 1: 0.01", "epochs 2 to 3: 0.001", "epochs 4 to 5: 0.0001"});
  // a milestone within the warm-up
  CHECK(lines_of({.kind = steps, .rate = 0.01, .warmup_steps = 20, .milestones = {1}}, 10, 3) ==
        lines{"epochs 1 to 2: 0.0005 to 0.001", "epoch 3: 0.001"});
  CHECK(lines_of({.kind = plateau, .rate = 0.01}, 10, 5) == lines{"epoch 1 on: 0.01"});
  CHECK(lines_of({.kind = plateau, .rate = 0.01, .warmup_steps = 10}, 10, 5) ==
        lines{"epoch 1: 0.001 to 0.01", "epoch 2 on: 0.01"});
}

TEST_CASE("a cosine's are put into eight ranges at most") {
  const lines few = lines_of({.kind = cosine, .rate = 1}, 2, 2);
  CHECK(few == lines{"epoch 1: 1 to 0.8536", "epoch 2: 0.5 to 0.1464"});
  const lines many = lines_of({.kind = cosine, .rate = 1}, 1, 80);
  REQUIRE(many.size() == 8);
  CHECK(many[0] == "epochs 1 to 10: 1 to 0.9691");
  CHECK(many[4] == "epochs 41 to 50: 0.5 to 0.3269");
}

TEST_CASE("steps are whole, and an epoch's last one may be smaller") {
  trainable_facts network;
  network.batch = 16;
  CHECK(steps_in_epoch(1, network, {}) == 1);
  CHECK(steps_in_epoch(32, network, {}) == 2);
  CHECK(steps_in_epoch(33, network, {}) == 3);
  CHECK(steps_in_epoch(65, network, {.accumulate = 4}) == 2);
}
