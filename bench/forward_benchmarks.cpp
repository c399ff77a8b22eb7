#include "bench/forward_benchmarks.hpp"

#include "bench/run_benchmarks.hpp"
#include "tools/program/ready_model.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace vggen::benchmarks {

namespace {

struct forward_pass {
  std::unique_ptr<runnable_model> model;
  ready_model ready;
  workload work;

  forward_pass(std::unique_ptr<runnable_model> made, int batch, int threads)
      : model(std::move(made)), ready(*model, {}, batch, threads) {
    ready.set_images();
    ready.forward(); // to warm up
    ready.set_images();
    ready.forward_observed([&](int kernel) {
      if (kernel >= 0) work += work_of(model->facts().kernels[static_cast<std::size_t>(kernel)]);
    });
  }
};

void run(benchmark::State &state, const std::string &name,
         const std::function<std::unique_ptr<runnable_model>()> &make) try {
  const auto batch = static_cast<int>(state.range(0)), threads = static_cast<int>(state.range(1));
  auto &pass =
      kept::get<forward_pass>(name + "/" + std::to_string(batch) + "/" + std::to_string(threads),
                              [&] { return std::make_unique<forward_pass>(make(), batch, threads); });
  for (auto _ : state) {
    state.PauseTiming();
    pass.ready.set_images();
    state.ResumeTiming();
    pass.ready.forward();
  }
  count_work(state, pass.work, pass.ready.threads());
  state.SetItemsProcessed(state.iterations() * batch); // images
} catch (const std::exception &e) {
  fail(state, e.what());
}

} // namespace

bool add_forward_benchmarks(const std::string &name, std::span<const int> batches,
                            const std::function<std::unique_ptr<runnable_model>()> &make) {
  benchmark::RegisterBenchmark((name + "/forward").c_str(),
                               [name, make](benchmark::State &state) { run(state, name, make); })
      ->ArgNames({"batch", "threads"})
      ->ArgsProduct({std::vector<std::int64_t>(batches.begin(), batches.end()), thread_counts()})
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
  return true;
}

} // namespace vggen::benchmarks
