// Training in an application of one's own, as docs/training.md tells it: a data source, the loop around it
// with its callbacks, a checkpoint in the middle, and the same bits after it.
#include <compiled/small_train.hpp>

#include <vggen/data/data_source.hpp>
#include <vggen/train/checkpoint.hpp>
#include <vggen/train/initialisers.hpp>
#include <vggen/train/learning_rate.hpp>
#include <vggen/train/trainable_model.hpp>
#include <vggen/train/trainer.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

using namespace vggen;

namespace {

/// A data source that computes its pictures: a bright bar on noise, whose place is the class.
class bars {
public:
  struct batch {
    std::vector<std::uint8_t> images; // [n][y][x]
    std::vector<std::int32_t> labels; // [n]; -1 where there is no example
    int count = 0;
  };

  void begin_epoch(std::uint64_t epoch, std::int64_t first_batch) {
    epoch_ = epoch;
    next_ = first_batch * batch_size;
  }

  const batch &next() {
    current_.images.assign(batch_size * std::size_t{28 * 28}, 0);
    current_.labels.assign(batch_size, -1);
    current_.count = static_cast<int>(std::min<std::int64_t>(batch_size, size() - next_));
    for (int n = 0; n < current_.count; ++n)
      draw(static_cast<std::size_t>(n), static_cast<std::uint64_t>(next_++));
    return current_;
  }

  [[nodiscard]] static std::int64_t size() { return 200; }
  [[nodiscard]] static int classes() { return 10; }

private:
  static constexpr int batch_size = 16;

  // What comes out depends on the epoch and the picture's number alone.
  void draw(std::size_t n, std::uint64_t number) {
    std::uint64_t state = number * 7919 + epoch_ * 104729;
    const auto label = static_cast<std::int32_t>(number * 7 % 10);
    for (int y = 0; y < 28; ++y)
      for (int x = 0; x < 28; ++x) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        const bool bar = y / 14 == label / 5 && x / 5 == label % 5;
        current_.images[(n * 28 + static_cast<std::size_t>(y)) * 28 + static_cast<std::size_t>(x)] =
            static_cast<std::uint8_t>((bar ? 150 : 0) + (state >> 58));
      }
    current_.labels[n] = label;
  }

  std::uint64_t epoch_ = 0;
  std::int64_t next_ = 0;
  batch current_;
};
static_assert(data_source<bars>);

using small = trainable_model<compiled::small_train>;

// divisor, mean and deviation, each for one channel
normalisation centred() { return {.constants = {255.f, 0.2f, 0.3f}, .reverse_channels = false}; }

void draw_weights(small &network, std::uint64_t seed) {
  const trainable_facts &facts = network.facts();
  for (std::size_t i = 0; i < facts.parameter_tensors.size(); ++i)
    initialise(network.parameters().subspan(static_cast<std::size_t>(facts.parameter_offsets[i]),
                                            static_cast<std::size_t>(facts.parameter_tensors[i].size())),
               facts.parameter_tensors[i], {}, static_cast<std::uint32_t>(i), seed);
  network.parameters_changed();
}

std::vector<float> all_parameters(small &network) {
  return {network.parameters().begin(), network.parameters().end()};
}

constexpr std::int64_t epochs = 3, steps_in_epoch = 13;
constexpr optimiser_settings optimiser{.momentum = 0.9, .weight_decay = 5e-4, .seed = 1};
const learning_rate_policy policy{.kind = learning_rate_kind::cosine, .rate = 0.02};

} // namespace

TEST_CASE("a loop of one's own learns, is asked and told, and can be interrupted") {
  small network;
  network.prepare(2);
  draw_weights(network, 1);
  bars source;
  trainer steps(network, optimiser, centred());
  learning_rate_schedule rate(policy, steps_in_epoch, epochs);
  std::vector<double> losses;
  std::int64_t batches_seen = 0;
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    const training_totals measured = steps.epoch(
        source, static_cast<std::uint64_t>(epoch), 0, {}, [&](std::int64_t step) { return rate.rate(step); },
        [&](const epoch_progress &p) {
          CHECK(p.batch <= p.batches);
          ++batches_seen;
          return true; // false ends the epoch here
        });
    CHECK(measured.images == 200);
    losses.push_back(measured.mean_loss());
    rate.epoch_finished(measured.accuracy());
  }
  CHECK(batches_seen == epochs * steps_in_epoch);
  CHECK(losses.back() < 0.5 * losses.front());
  const training_totals evaluated = evaluate(network, source, centred(), [](auto &&...) {});
  CHECK(evaluated.images == 200);
  CHECK(evaluated.accuracy() > 0.9);

  // Interrupted after the fifth batch of the second epoch, and taken up by another object.
  const auto path = std::filesystem::temp_directory_path() /
                    ("vggen_own_loop_" + std::to_string(getpid()) + ".safetensors");
  {
    small first;
    first.prepare(1);
    draw_weights(first, 1);
    trainer part(first, optimiser, centred());
    training_state state;
    const auto rate_at = [&](std::int64_t step) { return rate.rate(step); };
    part.epoch(source, 0, 0, {}, rate_at, [](const epoch_progress &) { return true; });
    part.epoch(source, 1, 0, {}, rate_at, [&](const epoch_progress &p) {
      state.batch = p.batch;
      state.totals = p.totals;
      return p.batch < 5;
    });
    state.epoch = 1;
    state.steps = part.steps();
    state.batches = part.batches();
    save_checkpoint(path, first, state, {});
  }
  small second;
  second.prepare(3);
  const training_state state = load_checkpoint(path, second).state;
  std::filesystem::remove(path);
  trainer rest(second, optimiser, centred());
  rest.set_progress(state.steps, state.batches);
  for (std::int64_t epoch = state.epoch; epoch < epochs; ++epoch) {
    const bool under_way = epoch == state.epoch;
    const training_totals measured = rest.epoch(
        source, static_cast<std::uint64_t>(epoch), under_way ? state.batch : 0,
        under_way ? state.totals : training_totals{}, [&](std::int64_t step) { return rate.rate(step); },
        [](const epoch_progress &) { return true; });
    CHECK(measured.mean_loss() == losses[static_cast<std::size_t>(epoch)]);
  }
  CHECK(all_parameters(second) == all_parameters(network));
}
