// The trainer around a training context: several batches in a step, batches that are not full, clipping,
// factors, frozen layers.
#include "model/seeded_weights.hpp"

#include <vggen/io/error.hpp>
#include <vggen/train/trainable_model.hpp>
#include <vggen/train/trainer.hpp>

#include <compiled/box_training.hpp>
#include <compiled/boxes_training.hpp>
#include <compiled/frozen_training.hpp>
#include <compiled/odd_training.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace vggen;
using namespace vggen::test;

namespace {

constexpr int count = 3; // images in a batch

/// A network with seeded parameters, and a batch of images for it.
template <class Model> struct example {
  trainable_model<Model> network;
  normalisation how{.constants = {255, 255, 0.5, 0.4, 0.3, 0.2}, .reverse_channels = false};
  std::vector<std::uint8_t> images;
  std::vector<std::int32_t> labels{1, 3, 0};

  example() {
    network.prepare(2);
    const auto infos = network.facts().parameter_tensors;
    for (std::size_t i = 0; i < infos.size(); ++i)
      fill_initial(parameter(i), infos[i], static_cast<std::uint32_t>(i), 1);
    network.parameters_changed();
    images = pixels(1);
  }

  std::span<float> parameter(std::size_t i) {
    const auto &facts = network.facts();
    return network.parameters().subspan(static_cast<std::size_t>(facts.parameter_offsets[i]),
                                        static_cast<std::size_t>(facts.parameter_tensors[i].size()));
  }
  std::vector<float> copy() { return {network.parameters().begin(), network.parameters().end()}; }

  [[nodiscard]] std::vector<std::uint8_t> pixels(unsigned seed) const {
    std::vector<std::uint8_t> values(static_cast<std::size_t>(network.facts().input.size() * count));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<std::uint8_t>((i * 7919 + seed * 104729) >> 4);
    return values;
  }
};
using odd_example = example<compiled::odd_training>;

// Without dropout's chance: batches of one number draw the same.
optimiser_settings plain() { return {.momentum = 0, .weight_decay = 0, .seed = 3}; }

// What one step changes, for each parameter.
std::vector<float> change_of(odd_example &e, const optimiser_settings &settings, double rate) {
  const auto before = e.copy();
  trainer run(e.network, settings, e.how);
  run.batch(e.images, e.labels, count, rate, true);
  auto after = e.copy();
  std::ranges::transform(after, before, after.begin(), std::minus<>{});
  return after;
}

double norm(const std::vector<float> &values) {
  double sum = 0;
  for (const float v : values)
    sum += double{v} * v;
  return std::sqrt(sum);
}

double distance(const std::vector<float> &a, const std::vector<float> &b) {
  std::vector<float> difference(a.size());
  std::ranges::transform(a, b, difference.begin(), std::minus<>{});
  return norm(difference) / norm(b);
}

} // namespace

TEST_CASE("a step goes down the mean gradient") {
  odd_example e;
  const auto change = change_of(e, plain(), 0.1);
  CHECK(norm(change) > 0);
  odd_example half;
  CHECK(distance(change_of(half, plain(), 0.05), change) == doctest::Approx(0.5).epsilon(1e-3));
}

TEST_CASE("images that do not count change nothing") {
  odd_example two, other;
  two.labels[2] = other.labels[2] = -1;
  const auto last = static_cast<std::ptrdiff_t>(two.images.size() / 3);
  std::fill(other.images.end() - last, other.images.end(), std::uint8_t{200});
  const auto change = change_of(two, plain(), 0.1);
  CHECK(change_of(other, plain(), 0.1) == change);

  // the mean is over two: a third one with another weight would be seen
  odd_example all;
  CHECK(distance(change_of(all, plain(), 0.1), change) > 0.01);
}

TEST_CASE("several batches make one step of their mean") {
  odd_example together, first, second;
  second.images = second.pixels(2);
  optimiser_settings settings = plain();
  settings.accumulate = 2;
  const auto before = together.copy();
  trainer run(together.network, settings, together.how);
  run.batch(together.images, together.labels, count, 0.1, false);
  CHECK(together.copy() == before);
  CHECK(!run.between_steps());
  run.batch(second.images, second.labels, count, 0.1, false);
  CHECK(run.between_steps());
  CHECK(run.steps() == 1);
  CHECK(run.batches() == 2);
  auto change = together.copy();
  std::ranges::transform(change, before, change.begin(), std::minus<>{});

  const auto change_1 = change_of(first, plain(), 0.1);
  trainer later(second.network, plain(), second.how);
  later.set_progress(0, 1); // dropout draws as in the second batch
  later.batch(second.images, second.labels, count, 0.1, true);
  const auto after = second.copy();
  std::vector<float> mean(change.size());
  for (std::size_t i = 0; i < mean.size(); ++i)
    mean[i] = 0.5f * (change_1[i] + after[i] - before[i]);
  CHECK(distance(change, mean) < 1e-4);
}

TEST_CASE("a gradient that is too long is shortened") {
  odd_example e, same;
  optimiser_settings settings = plain();
  settings.clip_norm = 0.01;
  CHECK(norm(change_of(e, settings, 1)) == doctest::Approx(0.01).epsilon(1e-3));
  settings.clip_norm = 1e6;
  odd_example free;
  CHECK(change_of(same, settings, 1e-3) == change_of(free, plain(), 1e-3));
}

TEST_CASE("a factor of zero leaves a tensor as it is, and decay spares what it is told to") {
  odd_example e;
  e.network.rate_factors()[0] = 0;
  const std::vector<float> before(e.parameter(0).begin(), e.parameter(0).end());
  change_of(e, plain(), 0.1);
  CHECK(std::ranges::equal(e.parameter(0), before));

  odd_example decayed, spared;
  optimiser_settings settings = plain();
  settings.weight_decay = 0.1;
  spared.network.decay_factors()[1] = 0;
  change_of(decayed, settings, 0.1);
  change_of(spared, settings, 0.1);
  CHECK(std::ranges::equal(decayed.parameter(0), spared.parameter(0)));
  CHECK(!std::ranges::equal(decayed.parameter(1), spared.parameter(1)));
}

TEST_CASE("momentum as PyTorch has it") {
  // two steps along gradients g1, g2 with momentum m: -rate (g1 + m g1 + g2); Nesterov's first: -rate (1 + m)
  // g1
  odd_example plain_step, nesterov_step;
  optimiser_settings settings = plain();
  settings.momentum = 0.5;
  const auto change = change_of(plain_step, settings, 0.1);
  settings.nesterov = true;
  auto longer = change_of(nesterov_step, settings, 0.1);
  for (float &v : longer)
    v /= 1.5f;
  CHECK(distance(longer, change) < 1e-3);
}

TEST_CASE("frozen layers stay") {
  example<compiled::frozen_training> e;
  const auto before = e.copy();
  trainer run(e.network, {.momentum = 0.9, .weight_decay = 0.1}, e.how);
  for (int step = 0; step < 3; ++step)
    run.batch(e.images, e.labels, count, 0.1, true);
  const auto &facts = e.network.facts();
  CHECK(facts.first_trained == 4);
  CHECK(e.network.gradients().size() < e.network.parameters().size());
  const auto boundary = static_cast<std::size_t>(facts.parameter_offsets[facts.first_trained]);
  const auto after = e.copy();
  CHECK(std::equal(after.begin(), after.begin() + static_cast<std::ptrdiff_t>(boundary), before.begin()));
  for (std::size_t i = facts.first_trained; i < facts.parameter_tensors.size(); ++i) {
    const auto from = static_cast<std::size_t>(facts.parameter_offsets[i]);
    CHECK(!std::equal(e.parameter(i).begin(), e.parameter(i).end(),
                      before.begin() + static_cast<std::ptrdiff_t>(from)));
  }
}

TEST_CASE("wrong settings and labels are said") {
  odd_example e;
  const auto wrong = [&](const optimiser_settings &settings) {
    CHECK_THROWS_AS(trainer(e.network, settings, e.how), error);
  };
  wrong({.momentum = 1});
  wrong({.weight_decay = -1});
  wrong({.label_smoothing = 1});
  wrong({.clip_norm = -1});
  wrong({.accumulate = 0});
  trainer run(e.network, plain(), e.how);
  e.labels[0] = 4; // there are classes 0 to 3
  CHECK_THROWS_AS(run.batch(e.images, e.labels, count, 0.1, true), error);
}

TEST_CASE("a loss that is not finite names the layer") {
  odd_example e;
  e.parameter(10)[0] = INFINITY; // weights of fc4
  e.network.parameters_changed();
  const auto before = e.copy();
  trainer run(e.network, plain(), e.how);
  CHECK_THROWS_WITH_AS(run.batch(e.images, e.labels, count, 0.1, true), doctest::Contains("fc4"), error);
  CHECK(e.copy() == before);
}

TEST_CASE("a weight that is no number is seen through relu and pool") {
  odd_example e;
  e.parameter(2)[0] = NAN; // weights of conv1_2
  e.network.parameters_changed();
  trainer run(e.network, plain(), e.how);
  CHECK_THROWS_WITH_AS(run.batch(e.images, e.labels, count, 0.1, true), doctest::Contains("relu1_2"), error);
}

TEST_CASE("a network of boxes learns those of its images") {
  example<compiled::box_training> e;
  const std::vector<float> targets{0.5f, 0.5f, 0.4f, 0.2f, 0.25f, 0.75f, 0.5f, 0.5f, 0.6f, 0.3f, 0.7f, 0.3f};
  e.labels = {0, -1, 17}; // any class
  CHECK(e.network.facts().boxes == 1);
  CHECK(e.network.facts().classes == 0);
  CHECK(e.network.facts().outputs() == 4);
  trainer run(e.network, {.momentum = 0.9, .weight_decay = 0, .seed = 3}, e.how);
  const training_totals first = run.batch(e.images, e.labels, count, 0.02, true, targets);
  CHECK(first.images == 2);
  training_totals last;
  for (int step = 0; step < 300; ++step)
    last = run.batch(e.images, e.labels, count, 0.02, true, targets);
  CHECK(last.loss < 0.2 * first.loss);
  CHECK(last.overlap > first.overlap);
  CHECK(last.correct <= last.images);
  CHECK(score_of(last, e.network.facts()) == last.overlap / 2);
  CHECK_THROWS_WITH_AS(run.batch(e.images, e.labels, count, 0.1, true), doctest::Contains("without boxes"),
                       error);
}

TEST_CASE("of a box a class only that of the label learns") {
  example<compiled::boxes_training> e;
  const std::vector<float> targets(count * box_numbers, 0.5f);
  e.labels = {1, 1, -1};
  CHECK(e.network.facts().boxes == 3);
  CHECK(e.network.facts().classes == 3);
  const auto weights = e.parameter(10); // of fc4: [boxes * box_numbers][13]
  REQUIRE(weights.size() == 3 * 4 * 13);
  const std::vector<float> before(weights.begin(), weights.end());
  trainer run(e.network, plain(), e.how);
  run.batch(e.images, e.labels, count, 0.1, true, targets);
  const auto same = [&](std::size_t box) {
    constexpr std::size_t size = 4 * 13;
    return std::equal(before.begin() + static_cast<std::ptrdiff_t>(box * size),
                      before.begin() + static_cast<std::ptrdiff_t>((box + 1) * size),
                      weights.begin() + static_cast<std::ptrdiff_t>(box * size));
  };
  CHECK(same(0));
  CHECK(!same(1));
  CHECK(same(2));
  e.labels[0] = 3; // there are classes 0 to 2
  CHECK_THROWS_AS(run.batch(e.images, e.labels, count, 0.1, true, targets), error);
}

TEST_CASE("what examples of boxes come to, by hand") {
  trainable_facts one, two;
  one.boxes = 1;
  two.boxes = two.classes = 2;
  const std::vector<float> outputs{0.5f, 0.5f, 0.5f, 0.5f, 0.f, 0.f, 0.25f, 0.25f},
      target{0.5f, 0.5f, 0.5f, 1.f};
  const training_totals half =
      measure({.label = 5, .outputs = std::span(outputs).first(4), .target = target}, one);
  CHECK(half.loss == 0.125);
  CHECK(half.overlap == 0.5);
  CHECK(half.correct == 0); // more than a half is wanted
  CHECK(half.images == 1);
  const training_totals other = measure({.label = 1, .outputs = outputs, .target = target}, two);
  CHECK(other.overlap == 0);
  CHECK(other.loss == doctest::Approx((0.25 + 0.25 + 0.0625 + 0.5625) / 2));
  const std::vector<float> equal{0.5f, 0.5f, 0.5f, 1.f};
  CHECK(measure({.outputs = equal, .target = target}, one).correct == 1);
}
