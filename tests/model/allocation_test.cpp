// No run allocates: malloc, mmap and Halide's allocator are intercepted in this program, and counted once the
// context is made. One of the models is scheduled by an autoscheduler, whose kernels need scratch memory, so
// that its coming from the context is seen.
#include "model/seeded_weights.hpp"

#include <HalideRuntime.h>

#include <compiled/odd.hpp>
#include <compiled/odd_autoscheduled.hpp>
#include <compiled/wide_autoscheduled.hpp>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

std::atomic<bool> watching{false};
std::atomic<int> allocations{0};

void count() {
  if (watching.load(std::memory_order_relaxed)) allocations.fetch_add(1, std::memory_order_relaxed);
}

} // namespace

extern "C" {
// glibc's own functions under the names that it keeps for interposition
void *__libc_malloc(std::size_t);
void *__libc_calloc(std::size_t, std::size_t);
void *__libc_realloc(void *, std::size_t);
void *__libc_memalign(std::size_t, std::size_t);

void *malloc(std::size_t bytes) { return count(), __libc_malloc(bytes); }
void *calloc(std::size_t number, std::size_t bytes) { return count(), __libc_calloc(number, bytes); }
void *realloc(void *p, std::size_t bytes) { return count(), __libc_realloc(p, bytes); }
void *memalign(std::size_t alignment, std::size_t bytes) {
  return count(), __libc_memalign(alignment, bytes);
}
void *aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return count(), __libc_memalign(alignment, bytes);
}
int posix_memalign(void **p, std::size_t alignment, std::size_t bytes) {
  count();
  *p = __libc_memalign(alignment, bytes);
  return *p ? 0 : ENOMEM;
}
void *mmap(void *address, std::size_t bytes, int protection, int flags, int file, off_t offset) {
  count();
  return reinterpret_cast<void *>(syscall(SYS_mmap, address, bytes, protection, flags, file, offset));
}
}

using namespace vggen;
using namespace vggen::test;

namespace {

template <class Model> int allocations_of_a_run(int threads) {
  const seeded_parameters<typename Model::network> parameters;
  typename Model::weights weights;
  REQUIRE(weights.assign(parameters.pointers) == status::ok);
  typename Model::template context<> context;
  REQUIRE(context.prepare({.threads = threads}) == status::ok);
  const auto input = seeded_input<typename Model::network>();
  const std::vector<std::uint8_t> image(input.size(), 100);
  const std::vector<float> constants(9, 100.f);
  allocations = 0;
  watching = true;
  status result = status::ok;
  for (int i = 0; i < 3 && result == status::ok; ++i) {
    result = context.set_images(image.data(), constants.data(), true);
    if (result == status::ok) result = context.forward(weights);
    if (result == status::ok) result = context.set_input(input.data());
    if (result == status::ok) result = context.forward(weights);
  }
  watching = false;
  REQUIRE_MESSAGE(result == status::ok, context.message());
  return allocations;
}

} // namespace

TEST_CASE("the interception works") {
  watching = true;
  allocations = 0;
  void *volatile p = std::malloc(10);
  CHECK(allocations == 1);
  std::free(p);
  void *const q = halide_malloc(nullptr, 100'000); // with no context: Halide's own, which calls malloc
  CHECK(allocations == 2);
  halide_free(nullptr, q);
  p = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(allocations == 3);
  munmap(p, 4096);
  watching = false;
}

TEST_CASE("a run allocates nothing") {
  CHECK(allocations_of_a_run<compiled::odd>(1) == 0);
  CHECK(allocations_of_a_run<compiled::odd>(3) == 0);
}

TEST_CASE_TEMPLATE("kernels' scratch memory is the context's", Model, compiled::odd_autoscheduled,
                   compiled::wide_autoscheduled) {
  std::int64_t shared = 0, per_task = 0;
  for (const compiled_kernel &kernel : Model::kernel_table) {
    shared = std::max(shared, kernel.scratch_shared);
    per_task = std::max(per_task, kernel.scratch_per_task);
  }
  CAPTURE(shared);
  CAPTURE(per_task);
  REQUIRE((std::is_same_v<Model, compiled::wide_autoscheduled> ? per_task : shared) > 0);
  CHECK(Model::template context<>::scratch_bytes(2) >= static_cast<std::size_t>(shared + 2 * per_task));
  CHECK(allocations_of_a_run<Model>(1) == 0);
  CHECK(allocations_of_a_run<Model>(3) == 0);
}

TEST_CASE("scratch memory that is lent and too small is refused") {
  using model = compiled::odd_autoscheduled;
  struct alignas(64) line {
    std::byte bytes[64];
  };
  std::vector<line> memory(model::context<>::scratch_bytes(2) / 64);
  const auto bytes = std::as_writable_bytes(std::span(memory));
  model::context<> context;
  CHECK(context.prepare({.threads = 2, .scratch = bytes}) == status::ok);
  CHECK(context.prepare({.threads = 2, .scratch = bytes.subspan(0, bytes.size() - 64)}) ==
        status::out_of_memory);
}
