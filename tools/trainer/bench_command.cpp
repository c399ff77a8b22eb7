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
#include <string>
#include <vector>

#include <sys/resource.h>

namespace vggen {

namespace {

struct bench_settings {
  int steps = 10, threads = 0;
  bool json = false, on_request = false;
};

// Milliseconds of the parts of a step.
struct step_times {
  double forward = 0, backward = 0, update = 0;
  [[nodiscard]] double all() const { return forward + backward + update; }
};

// A network with parameters and a batch, ready for steps.
class measured_training {
public:
  measured_training(trainable &network, int threads) : network_(network), threads_(network.prepare(threads)) {
    const trainable_facts &facts = network.facts();
    fill_uniform(network.parameters(), 0.02f, 1, random_stream::initial_weights, 0);
    network.parameters_changed();
    images_.resize(static_cast<std::size_t>(facts.input.size() * facts.batch));
    for (std::size_t i = 0; i < images_.size(); ++i)
      images_[i] = static_cast<std::uint8_t>(i * 7919 >> 3);
    labels_.reserve(static_cast<std::size_t>(facts.batch));
    for (int i = 0; i < facts.batch; ++i)
      labels_.push_back(i % facts.classes);
    const auto channels = static_cast<std::size_t>(facts.input.channels);
    how_.constants.assign(3 * channels, 1.f);
    std::fill_n(how_.constants.begin(), channels, 255.f);
  }

  nlohmann::ordered_json measure(int steps) {
    step(); // to warm up
    std::vector<step_times> times(static_cast<std::size_t>(steps));
    std::ranges::generate(times, [&] { return step(); });
    std::ranges::sort(times, {}, &step_times::all);
    const step_times &middle = times[times.size() / 2];
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return {{"median_ms", middle.all()},
            {"min_ms", times.front().all()},
            {"forward_ms", middle.forward},
            {"backward_ms", middle.backward},
            {"update_ms", middle.update},
            {"images_per_second", 1000 * network_.facts().batch / middle.all()},
            {"peak_bytes", usage.ru_maxrss * 1024L},
            {"threads", threads_},
            {"batch", network_.facts().batch}};
  }

private:
  step_times step() {
    using clock = std::chrono::steady_clock;
    const auto milliseconds = [](clock::duration d) {
      return std::chrono::duration<double, std::milli>(d).count();
    };
    std::array<clock::time_point, 4> at{clock::now()};
    network_.forward(images_, how_, {.seed = 1, .step = steps_++});
    network_.loss(labels_, 0, 1.f / static_cast<float>(network_.facts().batch));
    at[1] = clock::now();
    network_.backward();
    at[2] = clock::now();
    network_.update({.learning_rate = 1e-3f, .momentum = 0.9f, .weight_decay = 5e-4f});
    at[3] = clock::now();
    return {.forward = milliseconds(at[1] - at[0]),
            .backward = milliseconds(at[2] - at[1]),
            .update = milliseconds(at[3] - at[2])};
  }

  trainable &network_;
  int threads_;
  std::uint32_t steps_ = 0;
  std::vector<std::uint8_t> images_;
  std::vector<std::int32_t> labels_;
  normalisation how_;
};

void run(trainable &network, const bench_settings &settings) {
  measured_training training(network, settings.threads);
  if (settings.on_request) {
    for (std::string line; std::getline(std::cin, line);)
      std::cout << training.measure(settings.steps).dump() << '\n' << std::flush; // the asker waits for it
    return;
  }
  const auto json = training.measure(settings.steps);
  if (settings.json) {
    std::cout << json.dump() << '\n';
    return;
  }
  std::printf(
      "%d images on %d threads: %.1f ms a step (forward %.1f, backward %.1f, update %.1f), %.0f images/s; "
      "peak memory %.0f MB\n",
      json["batch"].get<int>(), json["threads"].get<int>(), json["median_ms"].get<double>(),
      json["forward_ms"].get<double>(), json["backward_ms"].get<double>(), json["update_ms"].get<double>(),
      json["images_per_second"].get<double>(), json["peak_bytes"].get<double>() / (1 << 20));
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
  command.add_flag("--on-request", settings->on_request,
                   "measure --steps steps for each line on standard input, and answer with a line of JSON");
  return [&command, &network, settings] {
    if (command.parsed()) run(network, *settings);
  };
}

} // namespace vggen
