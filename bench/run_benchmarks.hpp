// What all programs of benchmarks share: counters of work, and a report that says what share of the machine's
// limits they are.
//
// The limits are measured after the last benchmark, not before the first: measuring heats the processor up,
// and what runs next is slower for it. So the report waits. Benchmarks count rates; when all have run, the
// machine is measured, once for each number of threads, the shares are added, and only then all is printed
// and written. While they run, a terminal shows which one was the last.
//
// A report has for each benchmark
//
//     GFLOP/s    of the plain sums, two operations a multiply-add, whatever the algorithm
//     GB/s       of the compulsory traffic: every tensor that a kernel reads or writes, once
//     peak       of the algorithm's own operations: % of the machine's multiply-adds in registers
//     bandwidth  of the compulsory traffic: % of the machine's read bandwidth. Above 100 where the tensors
//     stay in the
//                caches from one run to the next
//
// and on top, as context, the machine's limits.
#pragma once

#include "tools/machine/roofline.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace vggen::benchmarks {

/// Counts the work of each iteration, which so many threads shared.
void count_work(benchmark::State &state, const workload &work, int threads);

/// Ends a benchmark, and later the program, with an error.
void fail(benchmark::State &state, const std::string &what);

/// Runs what is registered and chosen on the command line (Google Benchmark's). Returns the program's exit
/// code. A file that is asked for (--benchmark_out) is JSON.
int run_benchmarks(int argc, char **argv);

/// 1, 2 and as many threads as there are by default, as far as that goes.
std::vector<std::int64_t> thread_counts();

/// What a benchmark needs, made when it is first asked for: the library calls a benchmark several times. Only
/// the last one in the program is kept, because all of them would not fit into memory. `make` returns a
/// std::unique_ptr<T>.
class kept {
public:
  template <class T, class Make> static T &get(const std::string &name, Make make) {
    if (name_ != name || !object_) {
      name_ = name;
      object_.reset(); // before the next one takes memory
      object_ = std::shared_ptr<T>(make());
    }
    return *static_cast<T *>(object_.get());
  }

private:
  static inline std::string name_;
  static inline std::shared_ptr<void> object_;
};

} // namespace vggen::benchmarks
