// loader: every picture once, the same bits on any number of threads and after resuming, its counters, its
// end.
#include "support.hpp"

#include <vggen/data/loader.hpp>
#include <vggen/data/shuffle.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>

namespace {

using namespace support;
using vggen::error_code;
using vggen::loader;
using vggen::loader_options;
using namespace std::chrono_literals;

struct kept_batch {
  bytes images;
  std::vector<std::int32_t> labels;
  std::vector<std::int64_t> indices;
  int count;
  friend bool operator==(const kept_batch &, const kept_batch &) = default;
};

// What is left of the epoch.
std::vector<kept_batch> rest_of(loader &source) {
  std::vector<kept_batch> all;
  for (;;) {
    const vggen::batch &b = source.next();
    if (b.count == 0) return all;
    all.push_back({{b.images.begin(), b.images.end()},
                   {b.labels.begin(), b.labels.end()},
                   {b.indices.begin(), b.indices.end()},
                   b.count});
  }
}

std::vector<kept_batch> epoch_of(loader &source, std::uint64_t epoch, std::int64_t first_batch = 0) {
  source.begin_epoch(epoch, first_batch);
  return rest_of(source);
}

loader_options random_options(int threads) {
  return {.extent = {3, 6, 6},
          .batch_size = 8,
          .seed = 42,
          .shuffle = true,
          .view = vggen::augmentation{.crop_padding = 2, .flip = true},
          .threads = threads,
          .batches_ahead = 2};
}

// Takes its time, more for some pictures than for others.
class slow_dataset final : public vggen::dataset {
public:
  slow_dataset(std::shared_ptr<const vggen::dataset> fast, std::chrono::microseconds pause)
      : fast_(std::move(fast)), pause_(pause) {}
  std::int64_t size() const noexcept override { return fast_->size(); }
  const std::vector<std::string> &class_names() const noexcept override { return fast_->class_names(); }
  int label(std::int64_t i) const override { return fast_->label(i); }
  void read_into(std::int64_t i, vggen::image &picture) const override {
    std::this_thread::sleep_for(pause_ * (i * 7 % 5));
    fast_->read_into(i, picture);
    ++reads;
  }
  std::string name(std::int64_t i) const override { return fast_->name(i); }

  mutable std::atomic<int> reads = 0;

private:
  std::shared_ptr<const vggen::dataset> fast_;
  std::chrono::microseconds pause_;
};

TEST_CASE("without chance: the pictures in their order, and nothing behind the last") {
  const auto set = some_dataset(10, {3, 4, 5}, 3);
  loader source(set, {.extent = {3, 4, 5}, .batch_size = 4, .view = vggen::evaluation{}});
  CHECK(source.size() == 10);
  CHECK(source.batches() == 3);
  CHECK(source.classes() == 3);
  CHECK(source.batch_size() == 4);
  CHECK(source.extent() == vggen::picture_extent{3, 4, 5});
  const auto batches = epoch_of(source, 0);
  REQUIRE(batches.size() == 3);
  for (std::size_t i = 0; i < 12; ++i) {
    CAPTURE(i);
    const kept_batch &b = batches[i / 4];
    REQUIRE(b.images.size() == 4 * 60);
    REQUIRE(b.labels.size() == 4);
    CHECK(b.count == (i < 8 ? 4 : 2));
    const bytes found(b.images.begin() + static_cast<std::ptrdiff_t>(i % 4 * 60),
                      b.images.begin() + static_cast<std::ptrdiff_t>(i % 4 * 60 + 60));
    CHECK(b.labels[i % 4] == (i < 10 ? static_cast<int>(i) % 3 : -1));
    CHECK(b.indices[i % 4] == (i < 10 ? static_cast<int>(i) : -1));
    CHECK(found == (i < 10 ? set->read(static_cast<std::int64_t>(i)).pixels : bytes(60)));
  }
  CHECK(source.next().count == 0); // and stays so
  CHECK(epoch_of(source, 1) == batches);
}

TEST_CASE("with chance: each picture once an epoch, shuffled and augmented as the parts say") {
  const auto set = some_dataset(50, {3, 6, 6});
  const loader_options options = random_options(3);
  loader source(set, options);
  std::vector<std::vector<std::int64_t>> orders;
  for (const std::uint32_t epoch : {0U, 1U, 77U}) {
    std::vector<std::uint32_t> expected(50);
    std::iota(expected.begin(), expected.end(), 0U);
    vggen::shuffle(expected, 42, epoch);
    std::vector<std::int64_t> order;
    for (const kept_batch &b : epoch_of(source, epoch))
      for (std::size_t i = 0; i < static_cast<std::size_t>(b.count); ++i) {
        const std::int64_t index = b.indices[i];
        order.push_back(index);
        CHECK(b.labels[i] == set->label(index));
        const auto first = b.images.begin() + static_cast<std::ptrdiff_t>(i * 108);
        CHECK(bytes(first, first + 108) ==
              vggen::augment(set->read(index), std::get<vggen::augmentation>(options.view), {3, 6, 6}, 42,
                             epoch, static_cast<std::uint32_t>(index)));
      }
    CHECK(std::equal(order.begin(), order.end(), expected.begin(), expected.end()));
    orders.push_back(order);
    std::ranges::sort(order);
    REQUIRE(order.size() == 50);
    for (std::size_t i = 0; i < 50; ++i)
      CHECK(order[i] == static_cast<std::int64_t>(i));
  }
  CHECK(orders[0] != orders[1]);
  CHECK(orders[1] != orders[2]);
}

TEST_CASE("the same bits on any number of threads, however long pictures take") {
  const auto set = some_dataset(45, {3, 6, 6});
  loader one(set, random_options(1));
  const auto expected = epoch_of(one, 3);
  for (const int threads : {2, 3, 8, 16})
    for (const int ahead : {1, 4, 100}) {
      CAPTURE(threads);
      CAPTURE(ahead);
      auto options = random_options(threads);
      options.batches_ahead = ahead;
      loader other(std::make_shared<slow_dataset>(set, 20us), options);
      CHECK(epoch_of(other, 3) == expected);
    }
}

TEST_CASE("an epoch goes on from any batch as the whole one does") {
  const auto set = some_dataset(45, {3, 6, 6});
  loader source(set, random_options(3));
  const auto whole = epoch_of(source, 5);
  REQUIRE(whole.size() == 6);
  for (std::int64_t first = 0; first <= 6; ++first) {
    CAPTURE(first);
    loader fresh(set, random_options(2));
    const auto part = epoch_of(fresh, 5, first);
    CHECK(std::equal(part.begin(), part.end(), whole.begin() + first, whole.end()));
    CHECK(epoch_of(source, 5, first) == part);
  }
}

TEST_CASE("an epoch may be left at any batch") {
  const auto set = std::make_shared<slow_dataset>(some_dataset(45, {3, 6, 6}), 50us);
  loader source(set, random_options(4));
  const auto whole = epoch_of(source, 1);
  for (int taken = 0; taken <= 7; ++taken) {
    source.begin_epoch(9);
    for (int i = 0; i < taken; ++i)
      source.next();
    CHECK(epoch_of(source, 1) == whole);
  }
  source.begin_epoch(1);
  source.begin_epoch(2);
  source.begin_epoch(1);
  CHECK(rest_of(source) == whole);
}

TEST_CASE("a loader ends in the middle of an epoch, before one, and after one") {
  const auto set = std::make_shared<slow_dataset>(some_dataset(45, {3, 6, 6}), 50us);
  {
    const loader unused(set, random_options(4));
  }
  for (int taken = 0; taken <= 7; ++taken) {
    loader source(set, random_options(4));
    source.begin_epoch(0);
    int examples = 0;
    for (int i = 0; i < taken; ++i)
      examples += source.next().count;
    CHECK(examples == std::min(taken * 8, 45));
  }
}

TEST_CASE("a batch stays what it is until the following call") {
  const auto set = some_dataset(45, {3, 6, 6});
  loader source(set, random_options(4));
  const auto whole = epoch_of(source, 0);
  source.begin_epoch(0);
  for (const kept_batch &expected : whole) {
    const vggen::batch &b = source.next();
    std::this_thread::sleep_for(2ms); // the threads have gone as far as they may
    CHECK(std::ranges::equal(b.images, expected.images));
    CHECK(std::ranges::equal(b.labels, expected.labels));
  }
}

TEST_CASE("batches larger than the data set, and of one example") {
  const auto set = some_dataset(5, {1, 6, 6});
  auto options = random_options(3);
  options.extent.channels = 1;
  options.batch_size = 64;
  loader large(set, options);
  const auto all = epoch_of(large, 0);
  REQUIRE(all.size() == 1);
  CHECK(all[0].count == 5);
  CHECK(all[0].labels.size() == 64);
  options.batch_size = 1;
  loader single(set, options);
  const auto each = epoch_of(single, 0);
  REQUIRE(each.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(each[i].indices[0] == all[0].indices[i]);
    CHECK(std::equal(each[i].images.begin(), each[i].images.end(),
                     all[0].images.begin() + static_cast<std::ptrdiff_t>(36 * i)));
  }
}

TEST_CASE("counters tell who waits for whom") {
  const auto fast = some_dataset(64, {3, 6, 6});
  loader held_back(std::make_shared<slow_dataset>(fast, 500us), random_options(1));
  rest_of((held_back.begin_epoch(0), held_back));
  const auto slow = held_back.counters();
  CHECK(slow.batches == 8);
  CHECK(slow.waits >= 1);
  CHECK(slow.waits <= 7);
  CHECK(slow.wait_seconds > 0.005); // seven batches of eight pictures of 1 ms on average
  CHECK(slow.start_seconds > 0.001);

  const auto counted = std::make_shared<slow_dataset>(fast, 0us);
  loader ahead(counted, random_options(1));
  ahead.begin_epoch(0);
  while (counted->reads < 24) // three batches: as many as there is room for
    std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(50ms); // the last picture is written
  CHECK(counted->reads == 24);
  for (int i = 0; i < 3; ++i)
    CHECK(ahead.next().count == 8);
  CHECK(ahead.counters().waits == 0);
  CHECK(ahead.counters().wait_seconds == 0);
  CHECK(ahead.counters().start_seconds == 0);
}

} // namespace
