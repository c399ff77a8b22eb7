// A loader allocates nothing once its epoch is under way. This program counts what every thread allocates.
#include "support.hpp"

#include <vggen/data/loader.hpp>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::int64_t> allocations = 0;
} // namespace

// not inlined: the compiler would see malloc's memory given to delete, or free called for new's
[[gnu::noinline]] void *operator new(std::size_t size) {
  ++allocations;
  if (void *memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void *memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }

namespace {

TEST_CASE("no allocation in an epoch but the first") {
  const auto set = support::some_dataset(200, {3, 8, 8});
  vggen::augmentation how{.crop_padding = 2, .flip = true, .colour_shift = 0.1};
  how.colours.variances = {0.1, 0.01, 0.001};
  how.colours.vectors = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  for (const bool random : {true, false}) {
    vggen::loader_options options{.extent = {3, 8, 8},
                                  .batch_size = 16,
                                  .shuffle = true,
                                  .view = vggen::evaluation{},
                                  .threads = 1, // which then surely has had its first picture
                                  .on_unreadable = {}};
    if (random) options.view = how;
    vggen::loader source(set, options);
    const auto run_epoch = [&](std::uint64_t epoch) {
      int examples = 0;
      source.begin_epoch(epoch);
      while (const int count = source.next().count)
        examples += count;
      return examples;
    };
    CHECK(run_epoch(0) == 200);
    const std::int64_t before = allocations;
    const int examples = run_epoch(1) + run_epoch(2);
    const std::int64_t after = allocations;
    CHECK(examples == 400);
    CHECK(after == before);
    CHECK(before > 0);
  }
}

} // namespace
