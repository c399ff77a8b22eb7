#include "bench/run_benchmarks.hpp"

#include <vggen/core/execution.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace vggen::benchmarks {

namespace {

using benchmark::BenchmarkReporter;
using benchmark::Counter;

// Tells the reporter how many threads worked. It does not appear in the report, which has a field of that
// name for threads of the library's own.
constexpr const char *workers = "workers";

bool failed = false;

// The machine's limits for some numbers of threads, each measured when it is first asked for.
class machine_limits {
public:
  const measured_machine &of(int threads) {
    const auto [place, is_new] = machines_.try_emplace(threads);
    if (is_new) {
      place->second = measure_machine(threads);
      const std::string suffix = " (" + std::to_string(threads) + (threads == 1 ? " thread)" : " threads)");
      benchmark::AddCustomContext("peak GFLOP/s" + suffix, std::to_string(place->second.gflops));
      benchmark::AddCustomContext("read GB/s" + suffix, std::to_string(place->second.read_gbps));
    }
    return place->second;
  }

private:
  std::map<int, measured_machine> machines_;
};

// Makes shares of the rates. All are proportional to their rate, so that this holds for means, medians and
// standard deviations of repetitions, too; a coefficient of variation is what it is.
void add_shares(std::vector<BenchmarkReporter::Run> &runs, machine_limits &limits) {
  double threads = 0; // of statistics it is in the mean
  for (BenchmarkReporter::Run &run : runs)
    if (const auto found = run.counters.find(workers); found != run.counters.end()) {
      threads = std::max(threads, found->second.value);
      run.counters.erase(found);
    }
  if (threads < 1) return; // it failed
  const measured_machine &machine = limits.of(static_cast<int>(std::lround(threads)));
  for (BenchmarkReporter::Run &run : runs)
    for (auto &[name, counter] : run.counters) {
      const double limit = name == "peak" ? machine.gflops : name == "bandwidth" ? machine.read_gbps : 0;
      if (limit > 0 && run.aggregate_unit != benchmark::kPercentage) counter.value *= 100 / limit;
      if (limit > 0 || name.ends_with("/s")) counter.flags = Counter::kDefaults; // the name says all
    }
}

// Keeps what is reported until all benchmarks have run, and hands it on to another reporter.
class late_reporter final : public BenchmarkReporter {
public:
  late_reporter(BenchmarkReporter &reporter, machine_limits &limits, bool shows_progress)
      : reporter_(reporter), limits_(limits), shows_progress_(shows_progress) {}

  bool ReportContext(const Context &context) override {
    context_.emplace(context);
    return true;
  }

  void ReportRuns(const std::vector<Run> &runs) override {
    groups_.push_back(runs);
    if (shows_progress_ && !runs.empty())
      std::fprintf(stderr, "\r\033[K%zu done: %s", groups_.size(), runs.front().benchmark_name().c_str());
  }

  void Finalize() override {
    if (shows_progress_) std::fputs("\r\033[K", stderr);
    for (std::vector<Run> &runs : groups_)
      add_shares(runs, limits_);
    reporter_.SetOutputStream(&GetOutputStream());
    reporter_.SetErrorStream(&GetErrorStream());
    if (!context_ || !reporter_.ReportContext(*context_)) return;
    for (const std::vector<Run> &runs : groups_)
      reporter_.ReportRuns(runs);
    reporter_.Finalize();
  }

private:
  BenchmarkReporter &reporter_;
  machine_limits &limits_;
  bool shows_progress_;
  std::optional<Context> context_;
  std::vector<std::vector<Run>> groups_;
};

// The value of an option of the library, or of the environment variable that stands for it.
std::string option(int argc, char **argv, const std::string &name, const char *variable) {
  const char *const set = std::getenv(variable);
  std::string value = set ? set : "";
  for (int i = 1; i < argc; ++i)
    if (const std::string_view argument = argv[i]; argument.starts_with("--" + name + "="))
      value = argument.substr(name.size() + 3);
  return value;
}

} // namespace

void count_work(benchmark::State &state, const workload &work, int threads) {
  const auto rate = [](double value) { return Counter(value, Counter::kIsIterationInvariantRate); };
  state.counters[workers] = threads;
  if (work.plain_gflop > 0) {
    state.counters["GFLOP/s"] = rate(work.plain_gflop);
    state.counters["peak"] = rate(work.gflop); // a share once the machine is measured
  }
  state.counters["GB/s"] = state.counters["bandwidth"] = rate(work.gbyte);
}

void fail(benchmark::State &state, const std::string &what) {
  failed = true;
  state.SkipWithError(what.c_str());
}

int run_benchmarks(int argc, char **argv) {
  const bool to_file = !option(argc, argv, "benchmark_out", "BENCHMARK_OUT").empty();
  const std::string format = option(argc, argv, "benchmark_out_format", "BENCHMARK_OUT_FORMAT");
  if (to_file && !format.empty() && format != "json") {
    std::fprintf(stderr, "error: --benchmark_out_format=%s: only json is written to files\n", format.c_str());
    return 1;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;

  machine_limits limits;
  benchmark::JSONReporter json;
  late_reporter display(*benchmark::CreateDefaultDisplayReporter(), limits, isatty(STDERR_FILENO) != 0);
  late_reporter file(json, limits, false);
  const std::size_t count = benchmark::RunSpecifiedBenchmarks(&display, to_file ? &file : nullptr);
  return count == 0 || failed ? 1 : 0;
}

std::vector<std::int64_t> thread_counts() {
  const int all = default_threads();
  std::vector<std::int64_t> counts;
  for (const int threads : {1, 2, all})
    if (threads <= all && (counts.empty() || threads > counts.back())) counts.push_back(threads);
  return counts;
}

} // namespace vggen::benchmarks
