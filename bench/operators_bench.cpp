// How fast every compiled kernel of a library is: the kernels that tests/operators holds against the
// reference. On as many threads as VGGEN_NUM_THREADS or the machine say.
//
//     --benchmark_filter=<regex>   on names "signature / schedule"
#include "bench/run_benchmarks.hpp"
#include "kernel_call.hpp"
#include "random_operands.hpp"
#include "test_kernels.hpp"

#include <vggen/core/execution.hpp>

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

namespace {

using namespace vggen::benchmarks;
using namespace vggen::test;

// A call that is ready to run.
struct ready_call {
  kernel_call call;
  vggen::workload work;

  ready_call(const vggen::compiled_kernel &kernel, const operands &values)
      : call(kernel, values, vggen::default_threads()), work(vggen::work_of(kernel)) {
    if (kernel.kernel.op == vggen::operation::sgd)
      work = work * static_cast<double>(values.parameters.size());
  }
};

void run(benchmark::State &state, const vggen::compiled_kernel &kernel) {
  auto &[call, work] = kept::get<ready_call>(std::string(kernel.key), [&] {
    return std::make_unique<ready_call>(kernel, random_operands(kernel.kernel));
  });
  if (const int code = call.pack()) return fail(state, "pack returned " + std::to_string(code));
  for (auto _ : state)
    if (const int code = call.run()) return fail(state, "the kernel returned " + std::to_string(code));
  count_work(state, work, call.threads());
}

} // namespace

int main(int argc, char **argv) {
  for (const vggen::compiled_kernel &kernel : vggen_test_kernels()) {
    const std::string name = std::string(kernel.text) + " / " + std::string(kernel.schedule);
    benchmark::RegisterBenchmark(name.c_str(), [&kernel](benchmark::State &state) { run(state, kernel); })
        ->UseRealTime()
        ->Unit(benchmark::kMicrosecond);
  }
  return run_benchmarks(argc, argv);
}
