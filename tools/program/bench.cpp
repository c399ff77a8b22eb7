#include "tools/program/commands.hpp"
#include "tools/program/loaded_model.hpp"
#include "tools/program/progress.hpp"

#include <vggen/core/random.hpp>
#include <vggen/io/error.hpp>
#include <vggen/io/load_parameters.hpp>
#include <vggen/io/safetensors.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>

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

// Parameters from a file, or random ones: every page is filled, because pages that were never written are all
// one and would be read too fast.
struct bench_parameters {
  std::optional<safetensors_file> file;
  loaded_parameters loaded;
  std::vector<float> random;
  std::vector<std::span<const float>> tensors;

  bench_parameters(std::span<const parameter_info> infos, const std::filesystem::path &weights) {
    if (!weights.empty()) {
      file.emplace(weights);
      loaded = load_parameters(infos, *file);
      tensors = loaded.tensors;
      return;
    }
    std::int64_t total = 0;
    for (const auto &p : infos)
      total += p.size();
    random.resize(static_cast<std::size_t>(total));
    std::size_t at = 0;
    for (std::size_t i = 0; i < infos.size(); ++i) {
      const std::span<float> tensor(random.data() + at, static_cast<std::size_t>(infos[i].size()));
      fill_initial(tensor, infos[i], static_cast<std::uint32_t>(i), 1);
      tensors.push_back(tensor);
      at += tensor.size();
    }
  }
};

// What some runs took, in milliseconds.
struct run_times {
  std::vector<double> runs;
  std::vector<std::vector<double>> kernels; // [call][run]
  std::vector<int> calls;                   // the kernel of each call, as its index in the table
};

// A model with parameters and images, ready to be measured again and again.
class measured_model {
public:
  measured_model(runnable_model &model, const bench_options &options)
      : model_(model), batch_(options.batch == 0 ? model.facts().batches.front() : options.batch),
        parameters_(model.facts().parameter_tensors, options.weights),
        images_(static_cast<std::size_t>(model.facts().input.size() * batch_)),
        constants_(3 * static_cast<std::size_t>(model.facts().input.channels), 1.f) {
    model.assign(parameters_.tensors, false);
    threads_ = model.prepare(batch_, options.threads);
    if (parameters_.file)
      release_packed(*parameters_.file, model.facts().parameter_tensors, parameters_.tensors);
    for (std::size_t i = 0; i < images_.size(); ++i)
      images_[i] = static_cast<std::uint8_t>(i * 7919 >> 3);
    std::fill_n(constants_.begin(), constants_.size() / 3, 255.f);
  }

  [[nodiscard]] int batch() const { return batch_; }
  [[nodiscard]] int threads() const { return threads_; }

  run_times measure(int warm_up, int runs, bool layers) {
    run_times times;
    progress shown("runs");
    for (int run = -warm_up; run < runs; ++run) {
      model_.set_images(batch_, images_, constants_, false);
      const auto start = clock::now();
      if (layers)
        forward_by_kernels(times, start, run >= 0);
      else
        model_.forward(batch_);
      if (run >= 0) times.runs.push_back(milliseconds(clock::now() - start));
      shown.update(static_cast<double>(run + warm_up) / (runs + warm_up));
    }
    return times;
  }

private:
  void forward_by_kernels(run_times &times, clock::time_point last, bool counts) {
    std::size_t call = 0;
    model_.forward_observed(batch_, [&](int kernel) {
      const auto now = clock::now();
      if (kernel >= 0) {
        if (call == times.calls.size()) times.calls.push_back(kernel), times.kernels.emplace_back();
        if (counts) times.kernels[call].push_back(milliseconds(now - last));
        ++call;
      }
      last = now;
    });
  }

  runnable_model &model_;
  int batch_, threads_ = 0;
  bench_parameters parameters_;
  std::vector<std::uint8_t> images_;
  std::vector<float> constants_;
};

nlohmann::ordered_json as_json(const model_facts &facts, const measured_model &model,
                               const run_times &times) {
  const double best = *std::ranges::min_element(times.runs);
  const double flops = 2.0 * static_cast<double>(facts.multiply_adds) * model.batch();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  nlohmann::ordered_json json{{"name", facts.name},
                              {"threads", model.threads()},
                              {"batch", model.batch()},
                              {"min_ms", best},
                              {"median_ms", median(times.runs)},
                              {"gflops", flops / best / 1e6},
                              {"peak_bytes", usage.ru_maxrss * 1024L}};
  for (std::size_t i = 0; i < times.calls.size(); ++i) {
    const compiled_kernel &k = facts.kernels[static_cast<std::size_t>(times.calls[i])];
    const double ms = *std::ranges::min_element(times.kernels[i]);
    json["layers"].push_back({{"kernel", k.text},
                              {"schedule", k.schedule},
                              {"ms", ms},
                              {"gflops", 2.0 * static_cast<double>(k.kernel.multiply_adds()) / ms / 1e6}});
  }
  return json;
}

void print(const nlohmann::ordered_json &json) {
  std::printf("%s: batch %d on %d threads: best %.2f ms, median %.2f ms, %.1f GFLOP/s\n",
              json["name"].get<std::string>().c_str(), json["batch"].get<int>(), json["threads"].get<int>(),
              json["min_ms"].get<double>(), json["median_ms"].get<double>(), json["gflops"].get<double>());
  if (json.contains("layers"))
    for (const auto &layer : json["layers"])
      std::printf("%9.3f ms %8.1f GFLOP/s  %s, %s\n", layer["ms"].get<double>(),
                  layer["gflops"].get<double>(), layer["kernel"].get<std::string>().c_str(),
                  layer["schedule"].get<std::string>().c_str());
}

} // namespace

void bench(runnable_model &model, const bench_options &options) {
  measured_model measured(model, options);
  if (options.on_request) {
    for (std::string line; std::getline(std::cin, line);)
      std::cout << as_json(model.facts(), measured, measured.measure(1, options.runs, options.layers)).dump()
                << '\n'
                << std::flush; // the asker waits for it
    return;
  }
  const auto json = as_json(model.facts(), measured, measured.measure(2, options.runs, options.layers));
  if (options.json)
    std::cout << json.dump() << '\n';
  else
    print(json);
}

} // namespace vggen
