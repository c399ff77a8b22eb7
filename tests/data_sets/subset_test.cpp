// subset, split, and the shuffle they are made with.
#include "support.hpp"

#include <vggen/core/random.hpp>
#include <vggen/data/random_draw.hpp>
#include <vggen/data/shuffle.hpp>
#include <vggen/data/subset.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <set>

namespace {

using namespace support;
using vggen::error_code;

std::vector<std::uint32_t> shuffled(std::size_t count, std::uint64_t seed, std::uint32_t epoch) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  vggen::shuffle(order, seed, epoch);
  return order;
}

TEST_CASE("a shuffle is Fisher and Yates's with Philox's numbers") {
  constexpr std::uint64_t seed = 0x0123456789abcdef;
  std::vector<std::uint32_t> expected(50);
  std::iota(expected.begin(), expected.end(), 0U);
  for (std::uint32_t i = 49; i >= 1; --i) {
    const auto words = vggen::philox({0x89abcdef, 0x01234567}, {i, 0, 7, 3});
    // floor(r (i + 1) / 2^64) in another way: digit by digit
    const auto r =
        static_cast<long double>(words[1]) * 0x1p-32L + static_cast<long double>(words[0]) * 0x1p-64L;
    std::swap(expected[i], expected[static_cast<std::size_t>(r * (i + 1))]);
  }
  CHECK(shuffled(50, seed, 7) == expected);
  CHECK(shuffled(50, seed, 8) != expected);
  CHECK(shuffled(50, seed + 1, 7) != expected);
  CHECK(shuffled(50, seed + (std::uint64_t{1} << 32), 7) != expected);
  CHECK(shuffled(1, seed, 7) == std::vector<std::uint32_t>{0});
  CHECK(shuffled(0, seed, 7).empty());
}

TEST_CASE("all orders are equally likely") {
  std::array<int, 27> seen{}; // of orders of three: their digits to the base of three
  constexpr int tries = 6000;
  for (std::uint32_t epoch = 0; epoch < tries; ++epoch) {
    const auto order = shuffled(3, 5, epoch);
    ++seen[order[0] * 9 + order[1] * 3 + order[2]];
  }
  for (const std::size_t order : {5, 7, 11, 15, 19, 21}) { // 012 021 102 120 201 210
    CHECK(seen[order] > 1000 - 5 * 29);                    // 29: sqrt(6000 * 1/6 * 5/6)
    CHECK(seen[order] < 1000 + 5 * 29);
  }
}

TEST_CASE("uniform_below covers its range and nothing else") {
  constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
  using vggen::detail::uniform_below;
  static_assert(uniform_below(1, {most, most, 0, 0}) == 0);
  static_assert(uniform_below(10, {0, 0, 0, 0}) == 0);
  static_assert(uniform_below(10, {most, most, 0, 0}) == 9);
  static_assert(uniform_below(2, {most, most >> 1, 0, 0}) == 0);
  static_assert(uniform_below(2, {0, (most >> 1) + 1, 0, 0}) == 1);
  CHECK(uniform_below(most, {most, most, 0, 0}) == most - 1);
  CHECK(uniform_below(most, {0, 0, 0, 0}) == 0);
}

TEST_CASE("a subset is a view") {
  const auto whole = some_dataset(10, {3, 2, 2}, 3);
  const vggen::subset part(whole, {7, 2, 2});
  REQUIRE(part.size() == 3);
  CHECK(part.label(0) == 7 % 3);
  CHECK(part.name(1) == "image 2");
  CHECK(part.index(0) == 7);
  CHECK(part.read(0).pixels == whole->read(7).pixels);
  CHECK(part.class_names() == whole->class_names());
  check_error([&] { vggen::subset(whole, {0, 10}); }, error_code::invalid_argument, "found the index 10");
  check_error([&] { vggen::subset(whole, {-1}); }, error_code::invalid_argument, "found the index -1");
}

TEST_CASE("a split has every picture once, by seed") {
  const auto whole = some_dataset(100, {1, 1, 1});
  const auto indices = [](const vggen::subset &part) {
    std::vector<std::int64_t> all;
    for (std::int64_t i = 0; i < part.size(); ++i)
      all.push_back(part.index(i));
    return all;
  };
  const auto parts = vggen::split(whole, 30, 1);
  const auto training = indices(*parts.training);
  const auto validation = indices(*parts.validation);
  CHECK(training.size() == 70);
  CHECK(validation.size() == 30);
  CHECK(std::ranges::is_sorted(training));
  CHECK(std::ranges::is_sorted(validation));
  std::set<std::int64_t> all(training.begin(), training.end());
  all.insert(validation.begin(), validation.end());
  CHECK(all.size() == 100);
  CHECK(indices(*vggen::split(whole, 30, 1).validation) == validation);
  CHECK(indices(*vggen::split_share(whole, 0.3, 1).validation) == validation);
  CHECK(indices(*vggen::split(whole, 30, 2).validation) != validation);
  CHECK(vggen::split_share(whole, 0.126, 1).validation->size() == 13);
}

TEST_CASE("splits without pictures on one side are refused") {
  const auto whole = some_dataset(10, {1, 1, 1});
  for (const std::int64_t count : {-1, 0, 10, 11})
    check_error([&] { static_cast<void>(vggen::split(whole, count, 1)); }, error_code::invalid_argument,
                "found " + std::to_string(count) + " images for validation of 10");
  for (const double share : {-0.5, 0.0, 1.0, 2.0, std::numeric_limits<double>::quiet_NaN()})
    check_error([&] { static_cast<void>(vggen::split_share(whole, share, 1)); }, error_code::invalid_argument,
                "expected more than 0 and less than 1");
  check_error([&] { static_cast<void>(vggen::split_share(whole, 0.01, 1)); }, error_code::invalid_argument,
              "found 0 images for validation");
}

} // namespace
