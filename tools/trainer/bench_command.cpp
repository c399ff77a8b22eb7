// The command `train-bench`: how long a training step takes.
#include "tools/trainer/commands.hpp"
#include "tools/trainer/number_check.hpp"
#include "tools/trainer/ready_training.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
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

nlohmann::ordered_json measure(ready_training &training, const trainable_facts &facts, int steps) {
  training.step(); // to warm up
  std::vector<step_times> times(static_cast<std::size_t>(steps));
  std::ranges::generate(times, [&] { return training.step(); });
  std::ranges::sort(times, {}, &step_times::all);
  const step_times &middle = times[times.size() / 2];
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {{"median_ms", middle.all()},
          {"min_ms", times.front().all()},
          {"forward_ms", middle.forward},
          {"backward_ms", middle.backward},
          {"update_ms", middle.update},
          {"images_per_second", 1000 * facts.batch / middle.all()},
          {"peak_bytes", usage.ru_maxrss * 1024L},
          {"threads", training.threads()},
          {"batch", facts.batch}};
}

void run(trainable &network, const bench_settings &settings) {
  ready_training training(network, settings.threads);
  const auto measured = [&] { return measure(training, network.facts(), settings.steps); };
  if (settings.on_request) {
    for (std::string line; std::getline(std::cin, line);)
      std::cout << measured().dump() << '\n' << std::flush; // the asker waits for it
    return;
  }
  const auto json = measured();
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
