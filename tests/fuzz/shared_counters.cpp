// HDF5 files are read in child processes, whose counters of what code ran would be lost to libFuzzer: before
// it starts, this makes their pages shared. It is compiled without counters: clang would take the names below
// for its own.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

extern "C" std::uint8_t __start___sancov_cntrs[],
    __stop___sancov_cntrs[]; // by the linker: the section's ends

extern "C" int LLVMFuzzerInitialize(int * /*count*/, char *** /*arguments*/) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(__start___sancov_cntrs);
  const auto end = reinterpret_cast<std::uintptr_t>(__stop___sancov_cntrs);
  // whole pages: other variables lie beside the first and the last
  const std::uintptr_t first = (begin + page - 1) / page * page, last = end / page * page;
  if (first >= last) std::abort();
  auto *const counters = reinterpret_cast<std::uint8_t *>(first);
  const std::vector<std::uint8_t> before(counters, counters + (last - first));
  if (mmap(counters, before.size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
      MAP_FAILED)
    std::abort();
  std::ranges::copy(before, counters);
  return 0;
}
