#include "tools/machine/measured_machine.hpp"
#include "tools/machine/roofline.hpp"
#include "tools/program/commands.hpp"
#include "tools/program/progress.hpp"
#include "tools/program/ready_model.hpp"

#include <vggen/io/error.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <sys/resource.h>

namespace vggen {

namespace {

using clock = std::chrono::steady_clock;

double milliseconds(clock::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// What some runs took, in milliseconds.
struct run_times {
  std::vector<double> runs;
  std::vector<std::vector<double>> kernels; // [call][run]
  std::vector<int> calls;                   // the kernel of each call, as its index in the table
};

void forward_by_kernels(ready_model &model, run_times &times, clock::time_point last, bool counts) {
  std::size_t call = 0;
  model.forward_observed([&](int kernel) {
    const auto now = clock::now();
    if (kernel >= 0) {
      if (call == times.calls.size()) times.calls.push_back(kernel), times.kernels.emplace_back();
      if (counts) times.kernels[call].push_back(milliseconds(now - last));
      ++call;
    }
    last = now;
  });
}

run_times measure(ready_model &model, int warm_up, int runs, bool layers) {
  run_times times;
  progress shown("runs");
  for (int run = -warm_up; run < runs; ++run) {
    model.set_images();
    const auto start = clock::now();
    if (layers)
      forward_by_kernels(model, times, start, run >= 0);
    else
      model.forward();
    if (run >= 0) times.runs.push_back(milliseconds(clock::now() - start));
    shown.update(static_cast<double>(run + warm_up) / (runs + warm_up));
  }
  return times;
}

nlohmann::ordered_json as_json(const model_facts &facts, const ready_model &model, const run_times &times,
                               const std::optional<measured_machine> &machine) {
  const double best = *std::ranges::min_element(times.runs);
  const double flops = 2.0 * static_cast<double>(model.multiply_adds()) * model.batch();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  nlohmann::ordered_json json{{"name", facts.name},
                              {"threads", model.threads()},
                              {"batch", model.batch()},
                              {"min_ms", best},
                              {"median_ms", median(times.runs)},
                              {"gflops", flops / best / 1e6},
                              {"peak_bytes", usage.ru_maxrss * 1024L}};
  if (machine) json["machine"] = {{"gflops", machine->gflops}, {"read_gbps", machine->read_gbps}};
  for (std::size_t i = 0; i < times.calls.size(); ++i) {
    const compiled_kernel &k = facts.kernels[static_cast<std::size_t>(times.calls[i])];
    const double ms = median(times.kernels[i]);
    const workload work = work_of(k);
    json["layers"].push_back(
        {{"kernel", k.text}, {"schedule", k.schedule}, {"ms", ms}, {"gflops", 1e3 * work.plain_gflop / ms}});
    if (machine) json["layers"].back()["roofline_share"] = roofline_share(work, 1e-3 * ms, *machine);
  }
  return json;
}

void print(const nlohmann::ordered_json &json) {
  std::printf("%s: batch %d on %d threads: best %.2f ms, median %.2f ms, %.1f GFLOP/s\n",
              json["name"].get<std::string>().c_str(), json["batch"].get<int>(), json["threads"].get<int>(),
              json["min_ms"].get<double>(), json["median_ms"].get<double>(), json["gflops"].get<double>());
  if (!json.contains("layers")) return;
  std::printf("this machine: %.0f GFLOP/s of multiply-adds in registers, %.1f GB/s read from memory\n",
              json["machine"]["gflops"].get<double>(), json["machine"]["read_gbps"].get<double>());
  for (const auto &layer : json["layers"])
    std::printf("%9.3f ms %8.1f GFLOP/s %4.0f %% of its roofline  %s, %s\n", layer["ms"].get<double>(),
                layer["gflops"].get<double>(), 100 * layer["roofline_share"].get<double>(),
                layer["kernel"].get<std::string>().c_str(), layer["schedule"].get<std::string>().c_str());
}

} // namespace

void bench(runnable_model &model, const bench_options &options) {
  if (options.layers && !options.extent.empty())
    throw error(error_code::invalid_argument, "--layers is for the largest extent, not with --extent");
  ready_model ready(model, options.weights, options.batch, options.threads);
  if (!options.extent.empty()) ready.set_extent(options.extent.front(), options.extent.back());
  const auto measured = [&](int warm_up) {
    const run_times times = measure(ready, warm_up, options.runs, options.layers);
    std::optional<measured_machine> machine; // afterwards: it heats the machine up
    if (options.layers) machine = measure_machine(ready.threads());
    return as_json(model.facts(), ready, times, machine);
  };
  if (options.on_request) {
    for (std::string line; std::getline(std::cin, line);)
      std::cout << measured(1).dump() << '\n' << std::flush; // the asker waits for it
    return;
  }
  const auto json = measured(2);
  if (options.json)
    std::cout << json.dump() << '\n';
  else
    print(json);
}

} // namespace vggen
