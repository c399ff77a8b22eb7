// How fast every compiled kernel of a library is: the kernels that tests/operators holds against the
// reference.
//
//     --benchmark_filter=<regex>   on names "signature / schedule"
#include "kernel_call.hpp"
#include "random_operands.hpp"
#include "test_kernels.hpp"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

namespace {

using namespace vggen::test;

// The call of that kernel, ready to run. Only the last one is kept: the library calls a benchmark several
// times, and all kernels' weights together would not fit into memory.
kernel_call &prepared_call(const vggen::compiled_kernel &kernel) {
  static const vggen::compiled_kernel *last = nullptr;
  static std::unique_ptr<kernel_call> call;
  if (last != &kernel) {
    call.reset();
    call = std::make_unique<kernel_call>(kernel, random_operands(kernel.kernel));
    last = &kernel;
  }
  return *call;
}

void run(benchmark::State &state, const vggen::compiled_kernel &kernel) {
  kernel_call &call = prepared_call(kernel);
  if (const int code = call.pack()) {
    state.SkipWithError(("pack returned " + std::to_string(code)).c_str());
    return;
  }
  for (auto _ : state)
    if (const int code = call.run()) {
      state.SkipWithError(("the kernel returned " + std::to_string(code)).c_str());
      return;
    }
  state.SetBytesProcessed(state.iterations() * call.bytes()); // bytes_per_second
  if (kernel.kernel.multiply_adds() > 0)
    state.counters["GFLOP/s"] = benchmark::Counter(2e-9 * static_cast<double>(kernel.kernel.multiply_adds()),
                                                   benchmark::Counter::kIsIterationInvariantRate);
}

} // namespace

int main(int argc, char **argv) {
  for (const vggen::compiled_kernel &kernel : vggen_test_kernels()) {
    const std::string name = std::string(kernel.text) + " / " + std::string(kernel.schedule);
    benchmark::RegisterBenchmark(name.c_str(), [&kernel](benchmark::State &state) { run(state, kernel); })
        ->UseRealTime()
        ->Unit(benchmark::kMicrosecond);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
