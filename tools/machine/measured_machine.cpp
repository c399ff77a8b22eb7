#include "tools/machine/measured_machine.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <functional>
#include <numeric>
#include <thread>
#include <vector>

namespace vggen {

namespace {

using clock = std::chrono::steady_clock;

constexpr int accumulators = 12; // more than a multiply-add's latency times two in a cycle

template <int Bytes> struct vector_of {
  using type [[gnu::vector_size(Bytes)]] = float;
};

// multiply-adds in registers, `steps` of them for each accumulator
template <int Bytes> [[gnu::always_inline]] inline float multiply_add(long steps) {
  using v = typename vector_of<Bytes>::type;
  v sums[accumulators];
  for (int k = 0; k < accumulators; ++k)
    sums[k] = v{} + static_cast<float>(k); // different, or the compiler makes one of them
  const v factor = v{} + 0.999999f, term = v{} + 1e-6f;
  for (long i = 0; i < steps; ++i)
#pragma GCC unroll 12 // so that they stay in registers
    for (int k = 0; k < accumulators; ++k)
      sums[k] = sums[k] * factor + term;
  float result = 0;
  for (const v &sum : sums)
    result += sum[0];
  return result;
}

constexpr std::size_t streams = 8;

// reads so many parts side by side: one alone does not keep the memory busy
template <int Bytes> [[gnu::always_inline]] inline float add_up(const float *data, std::size_t count) {
  using v = typename vector_of<Bytes>::type;
  constexpr std::size_t lanes = Bytes / sizeof(float);
  const std::size_t part = count / streams;
  v sums[8] = {};
  for (std::size_t i = 0; i + 8 * lanes <= part; i += 8 * lanes)
    for (std::size_t stream = 0; stream < streams; ++stream)
#pragma GCC unroll 8
      for (std::size_t k = 0; k < 8; ++k)
        sums[k] += *reinterpret_cast<const v *>(data + stream * part + i + k * lanes);
  float result = 0;
  for (const v &sum : sums)
    result += sum[0];
  return result;
}

struct vector_unit {
  int lanes;
  float (*multiply_add)(long);
  float (*add_up)(const float *, std::size_t);
};

#if defined(__x86_64__)
[[gnu::target("avx512f")]] float multiply_add_64(long steps) { return multiply_add<64>(steps); }
[[gnu::target("avx512f")]] float add_up_64(const float *d, std::size_t n) { return add_up<64>(d, n); }
[[gnu::target("avx2,fma")]] float multiply_add_32(long steps) { return multiply_add<32>(steps); }
[[gnu::target("avx2,fma")]] float add_up_32(const float *d, std::size_t n) { return add_up<32>(d, n); }
#endif
float multiply_add_16(long steps) { return multiply_add<16>(steps); }
float add_up_16(const float *d, std::size_t n) { return add_up<16>(d, n); }

vector_unit best_unit() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return {16, multiply_add_64, add_up_64};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {8, multiply_add_32, add_up_32};
#endif
  return {4, multiply_add_16, add_up_16};
}

volatile float kept; // so that no sum is left out

// The shortest of some times that all threads take to do `work` each, in seconds.
double shortest(int threads, const std::function<float(int)> &work) {
  double best = 1e30;
  for (int repetition = 0; repetition < 8; ++repetition) {
    std::vector<std::thread> team;
    const auto start = clock::now();
    for (int t = 1; t < threads; ++t)
      team.emplace_back([&work, t] { kept = work(t); });
    kept = work(0);
    for (std::thread &t : team)
      t.join();
    best = std::min(best, std::chrono::duration<double>(clock::now() - start).count());
  }
  return best;
}

} // namespace

std::string processor_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name") && line.find(": ") != std::string::npos)
      return line.substr(line.find(": ") + 2);
  return "unknown processor";
}

measured_machine measure_machine(int threads) {
  const vector_unit unit = best_unit();
  measured_machine m{.cpu = processor_name(), .threads = threads};
  constexpr long steps = 10'000'000;
  const double seconds = shortest(threads, [&](int) { return unit.multiply_add(steps); });
  m.gflops = 2e-9 * accumulators * unit.lanes * static_cast<double>(steps) * threads / seconds;

  constexpr std::size_t floats = std::size_t{64} << 20; // 256 MB
  std::vector<float> data(floats);
  std::iota(data.begin(), data.end(), 0.f);
  const std::size_t part = floats / static_cast<std::size_t>(threads) / 1024 * 1024;
  const double reading = shortest(
      threads, [&](int t) { return unit.add_up(data.data() + part * static_cast<std::size_t>(t), part); });
  m.read_gbps = 1e-9 * static_cast<double>(part * sizeof(float)) * threads / reading;
  return m;
}

} // namespace vggen
