#include "bench/training_benchmarks.hpp"

#include "bench/run_benchmarks.hpp"
#include "tools/trainer/ready_training.hpp"

#include <exception>
#include <utility>

namespace vggen::benchmarks {

namespace {

struct training_steps {
  std::unique_ptr<trainable> network;
  ready_training ready;

  training_steps(std::unique_ptr<trainable> made, int threads)
      : network(std::move(made)), ready(*network, threads) {
    ready.step(); // to warm up
  }
};

void run(benchmark::State &state, const std::string &name, const workload &step,
         const std::function<std::unique_ptr<trainable>()> &make) try {
  const auto batch = static_cast<int>(state.range(0)), threads = static_cast<int>(state.range(1));
  auto &steps = kept::get<training_steps>(name + "/" + std::to_string(threads),
                                          [&] { return std::make_unique<training_steps>(make(), threads); });
  for (auto _ : state)
    steps.ready.step();
  count_work(state, step, steps.ready.threads());
  state.SetItemsProcessed(state.iterations() * batch); // images
} catch (const std::exception &e) {
  fail(state, e.what());
}

} // namespace

bool add_training_benchmarks(const std::string &name, int batch, const workload &step,
                             const std::function<std::unique_ptr<trainable>()> &make) {
  benchmark::RegisterBenchmark((name + "/step").c_str(),
                               [name, step, make](benchmark::State &state) { run(state, name, step, make); })
      ->ArgNames({"batch", "threads"})
      ->ArgsProduct({{batch}, thread_counts()})
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
  return true;
}

} // namespace vggen::benchmarks
