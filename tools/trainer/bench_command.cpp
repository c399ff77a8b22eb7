// The command `train-bench`: how long a training step takes.
#include "tools/trainer/commands.hpp"
#include "tools/trainer/number_check.hpp"

#include <vggen/core/random.hpp>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>

#include <sys/resource.h>

namespace vggen {

namespace {

struct bench_settings {
  int steps = 10, threads = 0;
  bool json = false;
};

// Milliseconds of the parts of a step.
struct step_times {
  double forward = 0, backward = 0, update = 0;
  [[nodiscard]] double all() const { return forward + backward + update; }
};

void run(trainable &network, const bench_settings &settings) {
  const trainable_facts &facts = network.facts();
  const int threads = network.prepare(settings.threads);
  const auto parameters = network.parameters();
  fill_uniform(parameters, 0.02f, 1, random_stream::initial_weights, 0);
  network.parameters_changed();
  const auto pixels = static_cast<std::size_t>(facts.input.size() * facts.batch);
  std::vector<std::uint8_t> images(pixels);
  for (std::size_t i = 0; i < pixels; ++i)
    images[i] = static_cast<std::uint8_t>(i * 7919 >> 3);
  std::vector<std::int32_t> labels(static_cast<std::size_t>(facts.batch));
  for (std::size_t i = 0; i < labels.size(); ++i)
    labels[i] = static_cast<std::int32_t>(i) % facts.classes;
  const auto channels = static_cast<std::size_t>(facts.input.channels);
  normalisation how;
  how.constants.assign(3 * channels, 1.f);
  std::fill_n(how.constants.begin(), channels, 255.f);

  using clock = std::chrono::steady_clock;
  const auto milliseconds = [](clock::duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
  };
  std::vector<step_times> times;
  for (int step = -1; step < settings.steps; ++step) {
    std::array<clock::time_point, 4> at{clock::now()};
    network.forward(images, how, {.seed = 1, .step = static_cast<std::uint32_t>(step + 1)});
    network.loss(labels, 0, 1.f / static_cast<float>(facts.batch));
    at[1] = clock::now();
    network.backward();
    at[2] = clock::now();
    network.update({.learning_rate = 1e-3f, .momentum = 0.9f, .weight_decay = 5e-4f});
    at[3] = clock::now();
    if (step >= 0) // the first one is for warming up
      times.push_back({.forward = milliseconds(at[1] - at[0]),
                       .backward = milliseconds(at[2] - at[1]),
                       .update = milliseconds(at[3] - at[2])});
  }
  std::ranges::sort(times, {}, &step_times::all);
  const step_times &middle = times[times.size() / 2], &least = times.front();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double images_per_second = 1000 * facts.batch / middle.all();
  if (settings.json)
    std::cout << nlohmann::ordered_json{{"median_ms", middle.all()},
                                        {"min_ms", least.all()},
                                        {"forward_ms", middle.forward},
                                        {"backward_ms", middle.backward},
                                        {"update_ms", middle.update},
                                        {"images_per_second", images_per_second},
                                        {"peak_bytes", usage.ru_maxrss * 1024L},
                                        {"threads", threads},
                                        {"batch", facts.batch}}
                     .dump()
              << '\n';
  else
    std::printf(
        "%d images on %d threads: %.1f ms a step (forward %.1f, backward %.1f, update %.1f), %.0f images/s; "
        "peak memory %.0f MB\n",
        facts.batch, threads, middle.all(), middle.forward, middle.backward, middle.update, images_per_second,
        static_cast<double>(usage.ru_maxrss) / 1024);
}

} // namespace

std::function<void()> add_train_bench(CLI::App &app, trainable &network) {
  const auto settings = std::make_shared<bench_settings>();
  CLI::App &command =
      *app.add_subcommand("train-bench", "Measure how long a training step of " +
                                             std::to_string(network.facts().batch) + " images takes");
  command.add_option("--steps", settings->steps, "steps to measure")
      ->check(whole_number(1))
      ->capture_default_str();
  command
      .add_option("--threads", settings->threads,
                  "threads that compute (default: VGGEN_NUM_THREADS, else all processors)")
      ->check(thread_count());
  command.add_flag("--json", settings->json, "as JSON");
  return [&command, &network, settings] {
    if (command.parsed()) run(network, *settings);
  };
}

} // namespace vggen
