// memory_source, and what meets the concept data_source and what does not.
#include "support.hpp"

#include <vggen/data/loader.hpp>
#include <vggen/data/memory_source.hpp>

namespace {

using namespace support;
using vggen::error_code;

struct without_labels {
  struct view {
    std::span<const std::uint8_t> images;
    int count;
  };
  void begin_epoch(std::uint64_t, std::int64_t) {}
  view next() { return {}; }
  std::int64_t size() const { return 0; }
  int classes() const { return 0; }
};
struct own_batch {
  std::vector<std::uint8_t> images;
  std::vector<std::int32_t> labels;
  int count;
};
struct of_ones_own {
  void begin_epoch(std::uint64_t, std::int64_t) {}
  own_batch next() { return {}; }
  std::int64_t size() const { return 0; }
  int classes() const { return 0; }
};
static_assert(vggen::data_source<vggen::memory_source>);
static_assert(vggen::data_source<vggen::loader>);
static_assert(vggen::data_source<of_ones_own>);
static_assert(!vggen::data_source<without_labels>);
static_assert(!vggen::data_source<int>);

TEST_CASE("memory_source gives its pictures in their order") {
  const bytes pixels = some_bytes(5 * 6);
  vggen::memory_source source({1, 2, 3}, pixels, {0, 1, 2, 1, 0}, 3, 2);
  CHECK(source.size() == 5);
  CHECK(source.classes() == 3);
  CHECK(source.next().count == 0);
  source.begin_epoch(0);
  for (std::size_t n = 0; n < 3; ++n) {
    const vggen::batch &batch = source.next();
    CHECK(batch.count == (n == 2 ? 1 : 2));
    REQUIRE(batch.images.size() == 12);
    REQUIRE(batch.labels.size() == 2);
    const std::vector<std::int32_t> labels{0, 1, 2, 1, 0, -1};
    const std::vector<std::int64_t> indices{0, 1, 2, 3, 4, -1};
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(batch.labels[i] == labels[2 * n + i]);
      CHECK(batch.indices[i] == indices[2 * n + i]);
    }
    for (std::size_t i = 0; i < 12; ++i)
      CHECK(batch.images[i] == (12 * n + i < 30 ? pixels[12 * n + i] : 0));
  }
  CHECK(source.next().count == 0);
  CHECK(source.next().count == 0);
  source.begin_epoch(1, 2);
  CHECK(source.next().indices[0] == 4);
  source.begin_epoch(1, 3);
  CHECK(source.next().count == 0);
  check_error([&] { source.begin_epoch(0, 4); }, error_code::invalid_argument, "found the first batch 4");
  check_error([&] { source.begin_epoch(0, -1); }, error_code::invalid_argument, "found the first batch -1");
}

TEST_CASE("memory_source takes only what fits together") {
  const auto refused = [](bytes pixels, std::vector<std::int32_t> labels, int batch_size) {
    check_error([&] { vggen::memory_source({1, 2, 3}, pixels, labels, 3, batch_size); },
                error_code::invalid_argument, "memory_source: found");
  };
  refused(bytes(11), {0, 1}, 2);
  refused(bytes(12), {0}, 2);
  refused(bytes(12), {0, 3}, 2);
  refused(bytes(12), {0, -1}, 2);
  refused(bytes(12), {0, 1}, 0);
  refused(bytes(12), {0, 1}, -1);
  check_error([] { vggen::memory_source({0, 2, 3}, {}, {}, 3, 1); }, error_code::invalid_argument,
              "memory_source: found the extent 0 x 2 x 3");
}

} // namespace
