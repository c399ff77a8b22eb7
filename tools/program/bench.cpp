#include "tools/machine/measured_machine.hpp"
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
    threads_ = model.prepare(batch_, options.threads, [this](std::span<const float> part) {
      if (parameters_.file) parameters_.file->release(std::as_bytes(part));
    });
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

// Bytes that a kernel must at least read and write: its tensors, once.
double compulsory_bytes(const compiled_kernel &k) {
  const signature &s = k.kernel;
  const std::int64_t weights = k.packed_size > 0 ? k.packed_size
                               : s.has_weights() ? std::int64_t{s.channels} * s.outputs
                                                 : 0;
  return 4.0 * static_cast<double>((s.input_size() + s.output_size()) * s.batch + weights);
}

// The time that the machine's limits allow for a kernel's algorithm, as a share of what it took.
double roofline_share(const compiled_kernel &k, double ms, const measured_machine &machine) {
  const double arithmetic = 2e-6 * static_cast<double>(k.multiply_adds) / machine.gflops,
               memory = 1e-6 * compulsory_bytes(k) / machine.read_gbps;
  return std::max(arithmetic, memory) / ms;
}

nlohmann::ordered_json as_json(const model_facts &facts, const measured_model &model, const run_times &times,
                               const std::optional<measured_machine> &machine) {
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
  if (machine) json["machine"] = {{"gflops", machine->gflops}, {"read_gbps", machine->read_gbps}};
  for (std::size_t i = 0; i < times.calls.size(); ++i) {
    const compiled_kernel &k = facts.kernels[static_cast<std::size_t>(times.calls[i])];
    const double ms = median(times.kernels[i]);
    json["layers"].push_back({{"kernel", k.text},
                              {"schedule", k.schedule},
                              {"ms", ms},
                              {"gflops", 2.0 * static_cast<double>(k.kernel.multiply_adds()) / ms / 1e6}});
    if (machine) json["layers"].back()["roofline_share"] = roofline_share(k, ms, *machine);
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
  measured_model measured(model, options);
  const auto measure = [&](int warm_up) {
    const run_times times = measured.measure(warm_up, options.runs, options.layers);
    std::optional<measured_machine> machine; // afterwards: it heats the machine up
    if (options.layers) machine = measure_machine(measured.threads());
    return as_json(model.facts(), measured, times, machine);
  };
  if (options.on_request) {
    for (std::string line; std::getline(std::cin, line);)
      std::cout << measure(1).dump() << '\n' << std::flush; // the asker waits for it
    return;
  }
  const auto json = measure(2);
  if (options.json)
    std::cout << json.dump() << '\n';
  else
    print(json);
}

} // namespace vggen
