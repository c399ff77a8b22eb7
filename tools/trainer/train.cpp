#include "tools/trainer/train.hpp"

#include "tools/trainer/open_data.hpp"

#include <vggen/core/random.hpp>
#include <vggen/data/loader.hpp>
#include <vggen/data/statistics.hpp>
#include <vggen/io/error.hpp>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <numbers>

namespace vggen {

void train(trainable &network, const train_options &options) {
  const trainable_facts &facts = network.facts();
  const named_data data = open_data(options.data, options.format);
  const int threads = network.prepare(options.threads);
  const auto statistics = find_statistics(*data.training, {.channels = facts.input.channels});
  normalisation how;
  for (int c = 0; c < facts.input.channels; ++c)
    how.constants.push_back(255.f);
  for (int c = 0; c < facts.input.channels; ++c)
    how.constants.push_back(static_cast<float>(statistics.mean[static_cast<std::size_t>(c)]));
  for (int c = 0; c < facts.input.channels; ++c)
    how.constants.push_back(static_cast<float>(statistics.deviation[static_cast<std::size_t>(c)]));
  std::printf("%d threads, mean %.4f, deviation %.4f\n", threads, statistics.mean[0],
              statistics.deviation[0]);

  for (std::size_t i = 0; i < facts.parameter_tensors.size(); ++i) {
    const parameter_info &info = facts.parameter_tensors[i];
    auto out = network.parameters().subspan(static_cast<std::size_t>(facts.parameter_offsets[i]),
                                            static_cast<std::size_t>(info.size()));
    if (!info.bias) fill_initial(out, info, static_cast<std::uint32_t>(i), options.seed);
  }
  network.parameters_changed();
  for (std::size_t i = 0; i < facts.parameter_tensors.size(); ++i)
    if (facts.parameter_tensors[i].bias) network.decay_factors()[i] = 0;

  const picture_extent extent{facts.input.channels, facts.input.height, facts.input.width};
  augmentation view;
  view.crop_padding = options.crop_padding;
  view.flip = options.flip;
  loader training(data.training, {.extent = extent,
                                  .batch_size = facts.batch,
                                  .seed = options.seed,
                                  .shuffle = true,
                                  .view = view,
                                  .threads = options.loader_threads});
  loader test(data.test, {.extent = extent, .batch_size = facts.batch});
  trainer run(network, options.optimiser, how);
  const std::int64_t steps_in_epoch = training.batches(), steps = steps_in_epoch * options.epochs;
  const auto rate = [&](std::int64_t step) {
    const double warm = options.warm_up * static_cast<double>(steps_in_epoch);
    if (static_cast<double>(step) < warm) return options.learning_rate * static_cast<double>(step + 1) / warm;
    const double done = (static_cast<double>(step) - warm) / (static_cast<double>(steps) - warm);
    return options.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * done));
  };
  using clock = std::chrono::steady_clock;
  const auto seconds_since = [](clock::time_point t) {
    return std::chrono::duration<double>(clock::now() - t).count();
  };
  const auto begin = clock::now();
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    const auto start = clock::now();
    const auto totals =
        run.epoch(training, static_cast<std::uint64_t>(epoch), 0, rate, [&](const epoch_progress &p) {
          if (p.batch % 20 == 0)
            std::fprintf(stderr, "\repoch %d, %lld of %lld: loss %.4f, accuracy %.2f %%, %.0f images/s ",
                         epoch + 1, static_cast<long long>(p.batch), static_cast<long long>(p.batches),
                         p.totals.mean_loss(), 100 * p.totals.accuracy(),
                         static_cast<double>(p.totals.images) / seconds_since(start));
          return true;
        });
    const double seconds = seconds_since(start);
    const auto tested = evaluate(network, test, how, [](auto &&...) {});
    std::printf("\repoch %d: loss %.4f, accuracy %.2f %%; test loss %.4f, accuracy %.2f %%; %.1f s, %.0f "
                "images/s, waited %.2f s\n",
                epoch + 1, totals.mean_loss(), 100 * totals.accuracy(), tested.mean_loss(),
                100 * tested.accuracy(), seconds, static_cast<double>(totals.images) / seconds,
                training.counters().wait_seconds);
  }
  std::printf("%.1f s in all\n", seconds_since(begin));
}

} // namespace vggen
