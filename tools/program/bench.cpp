#include "tools/program/commands.hpp"
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

} // namespace

void bench(runnable_model &model, const bench_options &options) {
  const model_facts &facts = model.facts();
  const int batch = options.batch == 0 ? facts.batches.front() : options.batch;
  const bench_parameters parameters(facts.parameter_tensors, options.weights);
  model.assign(parameters.tensors, false);
  const int threads = model.prepare(batch, options.threads);
  const auto pixels = static_cast<std::size_t>(facts.input.size() * batch);
  std::vector<std::uint8_t> images(pixels);
  for (std::size_t i = 0; i < pixels; ++i)
    images[i] = static_cast<std::uint8_t>(i * 7919 >> 3);
  const auto channels = static_cast<std::size_t>(facts.input.channels);
  std::vector<float> constants(3 * channels, 1.f);
  std::fill_n(constants.begin(), channels, 255.f);

  std::vector<double> times;
  std::vector<std::vector<double>> kernel_times; // [call][run]
  std::vector<int> kernels;                      // [call], index in the table
  progress shown("runs");
  const int warm_up = 2;
  for (int run = -warm_up; run < options.runs; ++run) {
    model.set_images(batch, images, constants, false);
    const auto start = clock::now();
    if (options.layers) {
      std::size_t call = 0;
      auto last = start;
      model.forward_observed(batch, [&](int kernel) {
        const auto now = clock::now();
        if (kernel >= 0) {
          if (call == kernels.size()) kernels.push_back(kernel), kernel_times.emplace_back();
          if (run >= 0) kernel_times[call].push_back(milliseconds(now - last));
          ++call;
        }
        last = now;
      });
    } else {
      model.forward(batch);
    }
    if (run >= 0) times.push_back(milliseconds(clock::now() - start));
    shown.update(static_cast<double>(run + warm_up) / (options.runs + warm_up));
  }

  const double best = *std::min_element(times.begin(), times.end()), middle = median(times);
  const double flops = 2.0 * static_cast<double>(facts.multiply_adds) * batch;
  nlohmann::ordered_json json{{"name", facts.name}, {"threads", threads},  {"batch", batch},
                              {"min_ms", best},     {"median_ms", middle}, {"gflops", flops / best / 1e6}};
  if (!options.json)
    std::printf("%s: batch %d on %d threads: best %.2f ms, median %.2f ms, %.1f GFLOP/s\n",
                std::string(facts.name).c_str(), batch, threads, best, middle, flops / best / 1e6);
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    const compiled_kernel &k = facts.kernels[static_cast<std::size_t>(kernels[i])];
    const double ms = *std::min_element(kernel_times[i].begin(), kernel_times[i].end());
    const double gflops = 2.0 * static_cast<double>(k.kernel.multiply_adds()) / ms / 1e6;
    if (options.json)
      json["layers"].push_back(
          {{"kernel", k.text}, {"schedule", k.schedule}, {"ms", ms}, {"gflops", gflops}});
    else
      std::printf("%9.3f ms %8.1f GFLOP/s  %s, %s\n", ms, gflops, std::string(k.text).c_str(),
                  std::string(k.schedule).c_str());
  }
  if (options.json) std::cout << json.dump() << '\n';
}

} // namespace vggen
