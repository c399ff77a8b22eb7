// Learning rates against PyTorch's schedulers (tests/goldens/make_learning_rate_goldens.py), checkpoints at
// every epoch, and options out of range.
#include <vggen/io/error.hpp>
#include <vggen/train/learning_rate.hpp>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <vector>

using namespace vggen;
using json = nlohmann::json;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

json goldens() {
  std::ifstream file(VGGEN_TEST_DATA "/goldens/learning_rates.json");
  return json::parse(file);
}

learning_rate_policy policy_of(const json &options) {
  static const std::map<std::string, learning_rate_kind> kinds = {{"constant", learning_rate_kind::constant},
                                                                  {"plateau", learning_rate_kind::plateau},
                                                                  {"steps", learning_rate_kind::steps},
                                                                  {"cosine", learning_rate_kind::cosine}};
  learning_rate_policy policy{.kind = kinds.at(options.at("kind")),
                              .rate = options.at("rate"),
                              .warmup_steps = options.at("warmup_steps")};
  policy.factor = options.value("factor", policy.factor);
  policy.minimum = options.value("minimum", policy.minimum);
  policy.mode = options.value("mode", "max") == "max" ? metric_mode::max : metric_mode::min;
  policy.patience = options.value("patience", policy.patience);
  policy.threshold = options.value("threshold", policy.threshold);
  policy.milestones = options.value("milestones", policy.milestones);
  policy.cosine_steps = options.value("cosine_steps", policy.cosine_steps);
  return policy;
}

learning_rate_schedule schedule_of(const json &options) {
  return {policy_of(options), options.at("steps_per_epoch"), options.at("epochs")};
}

double metric_of(const json &options, std::int64_t epoch) {
  if (!options.contains("metrics")) return 0;
  const json &metric = options.at("metrics").at(static_cast<std::size_t>(epoch));
  return metric.is_null() ? std::nan("") : metric.get<double>();
}

// The message of the error that `make` throws, or nothing.
template <class Make> std::string refusal(Make make) {
  try {
    make();
  } catch (const error &problem) {
    CHECK(problem.code() == error_code::invalid_argument);
    return problem.what();
  }
  return "";
}

std::string refusal_of(const learning_rate_policy &policy, std::int64_t steps_per_epoch = 10,
                       std::int64_t epochs = 10) {
  return refusal([&] { learning_rate_schedule(policy, steps_per_epoch, epochs); });
}

} // namespace

TEST_CASE("rates are PyTorch's") {
  const json cases = goldens();
  REQUIRE(cases.size() == 13);
  for (const auto &[name, options] : cases.items()) {
    CAPTURE(name);
    learning_rate_schedule schedule = schedule_of(options);
    const std::int64_t steps_per_epoch = options.at("steps_per_epoch");
    const json &rates = options.at("rates");
    for (std::size_t step = 0; step < rates.size(); ++step) {
      CAPTURE(step);
      const auto s = static_cast<std::int64_t>(step);
      CHECK(schedule.rate(s) == doctest::Approx(rates[step].get<double>()).epsilon(1e-12).scale(0));
      if ((s + 1) % steps_per_epoch == 0) schedule.epoch_finished(metric_of(options, s / steps_per_epoch));
    }
  }
}

TEST_CASE("a schedule restored goes on as the one whose state it was") {
  const json cases = goldens();
  for (const auto &[name, options] : cases.items()) {
    CAPTURE(name);
    const std::int64_t steps_per_epoch = options.at("steps_per_epoch"), epochs = options.at("epochs");
    learning_rate_schedule whole = schedule_of(options);
    for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
      learning_rate_schedule resumed = schedule_of(options);
      resumed.restore(whole.state());
      CHECK(resumed.state() == whole.state());
      CHECK(resumed.rate(epoch * steps_per_epoch) == whole.rate(epoch * steps_per_epoch));
      resumed.epoch_finished(metric_of(options, epoch));
      whole.epoch_finished(metric_of(options, epoch));
      CHECK(resumed.state() == whole.state());
      CHECK(whole.state().epochs_finished == epoch + 1);
    }
  }
}

TEST_CASE("a step's rate during the warm-up is a share of what it would be without") {
  const learning_rate_schedule constant({.rate = 0.5, .warmup_steps = 4}, 10, 1);
  CHECK(constant.rate(0) == 0.125);
  CHECK(constant.rate(1) == 0.25);
  CHECK(constant.rate(2) == 0.375);
  CHECK(constant.rate(3) == 0.5);
  CHECK(constant.rate(9) == 0.5);
  // of one step, and as long as the training
  CHECK(learning_rate_schedule({.rate = 0.5, .warmup_steps = 1}, 10, 1).rate(0) == 0.5);
  CHECK(learning_rate_schedule({.rate = 0.5, .warmup_steps = 10}, 10, 1).rate(4) == 0.25);
}

TEST_CASE("after its end a cosine stays at its minimum") {
  const learning_rate_schedule schedule(
      {.kind = learning_rate_kind::cosine, .rate = 1, .minimum = 0.25, .cosine_steps = 6}, 10, 1);
  CHECK(schedule.rate(0) == 1);
  CHECK(schedule.rate(3) == doctest::Approx(0.625));
  CHECK(schedule.rate(5) > 0.25);
  for (const std::int64_t step : {std::int64_t{6}, std::int64_t{7}, std::int64_t{9}, std::int64_t{1} << 62})
    CHECK(schedule.rate(step) == 0.25);
}

TEST_CASE("a metric that is not a number never improves, an infinite one may") {
  learning_rate_schedule schedule({.kind = learning_rate_kind::plateau,
                                   .rate = 1,
                                   .factor = 0.5,
                                   .mode = metric_mode::min,
                                   .patience = 0},
                                  1, 10);
  schedule.epoch_finished(infinite); // no better than the best so far, which is infinite
  CHECK(schedule.rate(1) == 0.5);
  schedule.epoch_finished(std::nan(""));
  CHECK(schedule.rate(2) == 0.25);
  schedule.epoch_finished(-infinite);
  CHECK(schedule.rate(3) == 0.25);
  CHECK(schedule.state().best == -infinite);
  schedule.epoch_finished(-1);
  CHECK(schedule.rate(4) == 0.125);
}

TEST_CASE("a plateau is left so often at most") {
  learning_rate_schedule schedule(
      {.kind = learning_rate_kind::plateau, .rate = 0.01, .reductions = 3, .patience = 0}, 1, 10);
  std::vector<double> rates;
  for (int epoch = 0; epoch < 7; ++epoch) {
    rates.push_back(schedule.rate(epoch));
    schedule.epoch_finished(0.5);
  }
  const double once = 0.01 * 0.1, twice = once * 0.1, thrice = twice * 0.1;
  CHECK(rates == std::vector{0.01, 0.01, once, twice, thrice, thrice, thrice});
  // it goes on from there, and from nowhere below
  learning_rate_schedule resumed(schedule.policy(), 1, 10);
  resumed.restore(schedule.state());
  CHECK(resumed.rate(7) == thrice);
  learning_rate_schedule fewer(
      {.kind = learning_rate_kind::plateau, .rate = 0.01, .reductions = 2, .patience = 0}, 1, 10);
  CHECK(refusal([&] { fewer.restore(schedule.state()); }).starts_with("learning rate: rate: found "));
  // whichever of the two bounds comes first
  learning_rate_schedule bounded(
      {.kind = learning_rate_kind::plateau, .rate = 0.01, .minimum = 5e-4, .reductions = 3, .patience = 0}, 1,
      10);
  for (int epoch = 0; epoch < 5; ++epoch)
    bounded.epoch_finished(0.5);
  CHECK(bounded.rate(5) == 5e-4);
}

TEST_CASE("options out of range are refused by name") {
  using enum learning_rate_kind;
  const double nan = std::nan("");
  CHECK(refusal_of({}).empty());
  for (const double rate : {0.0, -1.0, nan, infinite})
    CHECK(refusal_of({.rate = rate}).starts_with("learning rate: rate: found "));
  CHECK(refusal_of({.rate = 0}) == "learning rate: rate: found 0, expected a finite number above 0");
  CHECK(refusal_of({}, 0) == "learning rate: steps_per_epoch: found 0, expected at least 1");
  CHECK(
      refusal_of({}, 1, 0).starts_with("learning rate: epochs: found 0, expected 1 to 9223372036854775807"));
  CHECK(refusal_of({}, std::int64_t{1} << 32, std::int64_t{1} << 31).starts_with("learning rate: epochs: "));
  CHECK(refusal_of({.warmup_steps = -1}).starts_with("learning rate: warmup_steps: found -1"));
  CHECK(refusal_of({.warmup_steps = 101}) ==
        "learning rate: warmup_steps: found 101, expected 0 to the training's 100 steps");
  CHECK(refusal_of({.kind = static_cast<learning_rate_kind>(9)}).starts_with("learning rate: kind: found 9"));
  for (const auto kind : {plateau, steps})
    for (const double factor : {0.0, 1.0, -0.1, nan, infinite})
      CHECK(refusal_of({.kind = kind, .factor = factor, .milestones = {1}})
                .starts_with("learning rate: factor: found "));
  for (const auto kind : {plateau, cosine})
    for (const double minimum : {-1e-9, 0.02, nan})
      CHECK(refusal_of({.kind = kind, .rate = 0.01, .minimum = minimum})
                .starts_with("learning rate: minimum: found "));
  for (const std::int64_t reductions : {-1, 1001})
    CHECK(refusal_of({.kind = plateau, .reductions = reductions}) ==
          "learning rate: reductions: found " + std::to_string(reductions) + ", expected 0 to 1000");
  CHECK(refusal_of({.kind = plateau, .patience = -1}).starts_with("learning rate: patience: found -1"));
  CHECK(refusal_of({.kind = plateau, .mode = static_cast<metric_mode>(2)})
            .starts_with("learning rate: mode: "));
  for (const double threshold : {-1e-4, 1.0, nan})
    CHECK(refusal_of({.kind = plateau, .threshold = threshold})
              .starts_with("learning rate: threshold: found "));
  CHECK(refusal_of({.kind = steps}) == "learning rate: milestones: found none, expected at least one");
  CHECK(refusal_of({.kind = steps, .milestones = {2, 2}}) ==
        "learning rate: milestones: found 2 after 2, expected epochs above 0, each above the one before");
  CHECK(refusal_of({.kind = steps, .milestones = {0, 2}}).starts_with("learning rate: milestones: "));
  CHECK(
      refusal_of({.kind = cosine, .cosine_steps = -1}).starts_with("learning rate: cosine_steps: found -1"));
  CHECK(refusal_of({.kind = cosine, .warmup_steps = 100}).starts_with("learning rate: warmup_steps: "));
  CHECK(refusal_of({.kind = cosine, .warmup_steps = 100, .cosine_steps = 1}).empty());
  CHECK(refusal([] { static_cast<void>(learning_rate_schedule({}, 1, 1).rate(-1)); }) ==
        "learning rate: step: found -1, expected at least 0");
}

TEST_CASE("states that no schedule of the policy has are refused by name, and change nothing") {
  const learning_rate_policy policy{
      .kind = learning_rate_kind::plateau, .rate = 0.1, .minimum = 0.01, .patience = 3};
  learning_rate_schedule schedule(policy, 10, 10);
  schedule.epoch_finished(0.5);
  schedule.epoch_finished(0.5);
  const learning_rate_state before = schedule.state();
  const auto refused = [&](learning_rate_state state) {
    const std::string message = refusal([&] { schedule.restore(state); });
    CHECK(schedule.state() == before);
    return message;
  };
  const auto with = [&](auto member, auto value) {
    learning_rate_state state{.epochs_finished = 5, .rate = 0.05, .best = 0.5, .bad_epochs = 1};
    state.*member = value;
    return state;
  };
  CHECK(refused(with(&learning_rate_state::epochs_finished, -1))
            .starts_with("learning rate: epochs_finished: found -1"));
  for (const double rate : {0.0, 0.009, 0.11, std::nan("")})
    CHECK(refused(with(&learning_rate_state::rate, rate)).starts_with("learning rate: rate: found "));
  for (const int bad : {-1, 4})
    CHECK(refused(with(&learning_rate_state::bad_epochs, bad))
              .starts_with("learning rate: bad_epochs: found "));
  CHECK(refused({.epochs_finished = 1, .rate = 0.05, .best = 0.5, .bad_epochs = 2}) ==
        "learning rate: bad_epochs: found 2, expected 0 to 1");
  CHECK(
      refused(with(&learning_rate_state::best, std::nan(""))).starts_with("learning rate: best: found nan"));
  learning_rate_schedule constant({.rate = 0.1}, 10, 10);
  CHECK(refusal([&] { constant.restore({.rate = 0.05}); }) ==
        "learning rate: rate: found 0.05, expected 0.1");
}

TEST_CASE("descriptions are one line") {
  const auto text = [](learning_rate_policy policy) {
    return learning_rate_schedule(std::move(policy), 10, 10).description();
  };
  CHECK(text({.rate = 0.01}) == "0.01");
  CHECK(text({.rate = 0.01, .warmup_steps = 1}) == "0.01, after a warm-up of 1 step");
  CHECK(text({.kind = learning_rate_kind::plateau, .minimum = 1e-6}) ==
        "0.01, times 0.1 after more than 10 epochs in a row without a metric above (1 + 1e-04) times the "
        "best, "
        "at least 1e-06");
  CHECK(text({.kind = learning_rate_kind::plateau, .reductions = 3}) ==
        "0.01, times 0.1 after more than 10 epochs in a row without a metric above (1 + 1e-04) times the "
        "best, "
        "at most 3 times");
  CHECK(text({.kind = learning_rate_kind::plateau, .mode = metric_mode::min, .patience = 1}) ==
        "0.01, times 0.1 after more than 1 epoch in a row without a metric below (1 - 1e-04) times the best");
  CHECK(text({.kind = learning_rate_kind::steps, .milestones = {3, 6}}) ==
        "0.01, times 0.1 from each of the epochs 3, 6");
  CHECK(text({.kind = learning_rate_kind::cosine, .warmup_steps = 20, .minimum = 0.001}) ==
        "0.01 to 0.001 along a cosine of 80 steps, after a warm-up of 20 steps");
}
