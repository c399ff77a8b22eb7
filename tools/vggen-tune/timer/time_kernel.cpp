// Times one kernel in a process of its own. vggen-tune links it with each candidate, whose functions it gives
// the two names below, and reads the line of JSON that it prints.
//
//     time_kernel <signature> <packed size> <scratch shared> <scratch per task> <threads> <seconds>
//                 check|trust
#include "tools/vggen-tune/timer/kernel_tensors.hpp"
#include "tools/vggen-tune/timer/sampled_reference.hpp"

#include <vggen/core/execution.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" int vggen_candidate_run(void **);
extern "C" __attribute__((weak)) int vggen_candidate_pack(void **); // absent if it packs no weights

namespace {

using namespace vggen;
using clock = std::chrono::steady_clock;

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

// In a network other layers pass between two runs: what is left of a layer's weights is what a shared cache
// keeps beside them. A pass over a large buffer does that here; the activations are read again afterwards.
class cold_caches {
public:
  cold_caches() : other_(std::size_t{64} << 20, 1) {}
  void make() {
    for (std::size_t i = 0; i < other_.size(); i += 64)
      ++other_[i];
  }

private:
  std::vector<char> other_;
};

void require(int code, const char *what) {
  if (code != 0) throw std::runtime_error(std::string(what) + " returned " + std::to_string(code));
}

// Runs for so many seconds, or, where runs are shorter than what is between them, five times as long with it.
std::vector<double> measure(kernel_tensors &tensors, void *user_context, double seconds) {
  cold_caches caches;
  std::vector<double> times;
  const auto begin = clock::now();
  for (double total = 0; times.size() < 3 || (total < seconds && seconds_since(begin) < 5 * seconds);) {
    caches.make();
    [[maybe_unused]] const volatile float read = tensors.touch();
    const auto start = clock::now();
    require(tensors.run(user_context), "the kernel");
    times.push_back(seconds_since(start));
    total += times.back();
  }
  return times;
}

int run(char **arguments) {
  const auto parsed = parse_signature(arguments[1]);
  if (!parsed || !kernel_tensors::is_supported(*parsed))
    throw std::runtime_error("cannot time " + std::string(arguments[1]));
  const compiled_kernel kernel{.kernel = *parsed,
                               .run = vggen_candidate_run,
                               .pack = vggen_candidate_pack,
                               .packed_size = std::atoll(arguments[2]),
                               .scratch_shared = std::atoll(arguments[3]),
                               .scratch_per_task = std::atoll(arguments[4])};
  kernel_tensors tensors(kernel);
  execution here;
  if (here.prepare(std::atoi(arguments[5]), kernel.scratch_shared, kernel.scratch_per_task, {}) != status::ok)
    throw std::runtime_error("no memory for the kernel's scratch");
  require(tensors.pack(here.user_context()), "packing");
  require(tensors.run(here.user_context()), "the kernel");
  result_check check;
  const bool checks = std::string(arguments[7]) == "check";
  if (checks) check = check_results(kernel.kernel, tensors);
  std::vector<double> times = measure(tensors, here.user_context(), std::atof(arguments[6]));
  std::ranges::sort(times);
  std::printf("{\"ms\": %.6f, \"min_ms\": %.6f, \"runs\": %zu", 1e3 * times[times.size() / 2], 1e3 * times[0],
              times.size());
  if (checks)
    std::printf(", \"error\": %.3e, \"norm\": %.9e, \"projection\": %.9e, \"finite\": %s, \"zero_halo\": %s",
                check.error, check.norm, check.projection, check.finite ? "true" : "false",
                check.zero_halo ? "true" : "false");
  std::printf("}\n");
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  try {
    if (argc != 8) throw std::runtime_error("is started by vggen-tune");
    return run(argv);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return 1;
  }
}
