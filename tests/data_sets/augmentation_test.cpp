// augment against cases worked out here with Philox's words, and against what no random number may change.
#include "support.hpp"

#include <vggen/core/random.hpp>
#include <vggen/data/augmentation.hpp>
#include <vggen/data/random_draw.hpp>
#include <vggen/io/preprocessing.hpp>
#include <vggen/io/resize.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace {

using namespace support;
using vggen::augmentation;
using vggen::error_code;
using vggen::picture_extent;

constexpr std::uint64_t seed = 0x0123456789abcdef;

// The words of one decision: 0 scale, 1 top, 2 left, 3 flip, 4 colour.
std::array<std::uint32_t, 4> words(std::uint32_t epoch, std::uint32_t index, std::uint32_t decision) {
  return vggen::philox({0x89abcdef, 0x01234567}, {index, epoch, decision, 4});
}

int below(int n, std::uint32_t epoch, std::uint32_t index, std::uint32_t decision) {
  const auto w = words(epoch, index, decision);
  // The low 32 bits matter once in 2^32 / n cases: not here.
  return static_cast<int>(std::uint64_t{w[1]} * static_cast<std::uint64_t>(n) >> 32);
}

// The value at (y, x, c) of the picture, zero beside it.
int value(const vggen::image &picture, int y, int x, int c) {
  if (y < 0 || y >= picture.height || x < 0 || x >= picture.width) return 0;
  return picture.pixels[static_cast<std::size_t>((y * picture.width + x) * 3 + c)];
}

bytes cut(const vggen::image &picture, int top, int left, bool flipped, const picture_extent &extent) {
  bytes result;
  for (int y = 0; y < extent.height; ++y)
    for (int x = 0; x < extent.width; ++x)
      for (int c = 0; c < extent.channels; ++c)
        result.push_back(static_cast<std::uint8_t>(
            value(picture, y + top, (flipped ? extent.width - 1 - x : x) + left, c)));
  return result;
}

TEST_CASE("nothing asked for, nothing changed") {
  const vggen::image picture = some_image(6, 4);
  CHECK(vggen::augment(picture, {}, {3, 6, 4}, seed, 1, 2) == picture.pixels);
}

TEST_CASE("a hand-computed row: padded by one, cut, flipped") {
  const vggen::image picture{1, 3, {1, 2, 3, 4, 5, 6, 7, 8, 9}};
  // Of the 3 x 3 places (top, left from -1 to 1), each with and without flip.
  const std::vector<std::pair<bytes, std::string>> possible{{{1, 2, 3, 4, 5, 6, 7, 8, 9}, "middle"},
                                                            {{7, 8, 9, 4, 5, 6, 1, 2, 3}, "middle, flipped"},
                                                            {{0, 0, 0, 1, 2, 3, 4, 5, 6}, "left"},
                                                            {{4, 5, 6, 1, 2, 3, 0, 0, 0}, "left, flipped"},
                                                            {{4, 5, 6, 7, 8, 9, 0, 0, 0}, "right"},
                                                            {{0, 0, 0, 7, 8, 9, 4, 5, 6}, "right, flipped"},
                                                            {bytes(9), "above or below"}};
  const augmentation how{.crop_padding = 1, .flip = true};
  std::map<std::string, int> seen;
  constexpr std::uint32_t tries = 1800;
  for (std::uint32_t index = 0; index < tries; ++index) {
    const bytes row = vggen::augment(picture, how, {3, 1, 3}, seed, 0, index);
    const auto found = std::ranges::find(possible, row, &std::pair<bytes, std::string>::first);
    REQUIRE(found != possible.end());
    ++seen[found->second];
  }
  for (const auto &[name, count] : seen) {
    CAPTURE(name);
    const double expected = name == "above or below" ? tries * 2.0 / 3 : tries / 18.0;
    CHECK(std::abs(count - expected) < 5 * std::sqrt(expected));
  }
  CHECK(seen.size() == possible.size());
}

TEST_CASE("places and flips are those of Philox") {
  const vggen::image picture = some_image(8, 10);
  const picture_extent extent{3, 8, 10};
  for (std::uint32_t epoch = 0; epoch < 3; ++epoch)
    for (std::uint32_t index = 0; index < 40; ++index) {
      const int top = below(9, epoch, index, 1) - 4;
      const int left = below(9, epoch, index, 2) - 4;
      const bool flipped = below(2, epoch, index, 3) == 1;
      CHECK(vggen::augment(picture, {.crop_padding = 4, .flip = true}, extent, seed, epoch, index) ==
            cut(picture, top, left, flipped, extent));
      // One decision does not depend on whether another one is made.
      CHECK(vggen::augment(picture, {.flip = true}, extent, seed, epoch, index) ==
            cut(picture, 0, 0, flipped, extent));
      CHECK(vggen::augment(picture, {.crop_padding = 4}, extent, seed, epoch, index) ==
            cut(picture, top, left, false, extent));
    }
}

TEST_CASE("padding far beyond the picture gives black") {
  const vggen::image white{2, 2, bytes(12, 255)};
  int black = 0;
  for (std::uint32_t index = 0; index < 50; ++index)
    black += vggen::augment(white, {.crop_padding = 1000}, {3, 2, 2}, seed, 0, index) == bytes(12) ? 1 : 0;
  CHECK(black >= 49); // of 2001 x 2001 places, 9 see the picture
}

TEST_CASE("scales: the smaller side is uniform in its range, then a place in the scaled picture") {
  const vggen::image picture = some_image(9, 14);
  const picture_extent extent{3, 8, 8};
  std::set<int> sides;
  for (std::uint32_t index = 0; index < 60; ++index) {
    const int side = 8 + below(5, 2, index, 0);
    sides.insert(side);
    const vggen::image scaled = vggen::resize_smaller_side(picture, side);
    const int top = below(scaled.height - 8 + 1, 2, index, 1);
    const int left = below(scaled.width - 8 + 1, 2, index, 2);
    CHECK(vggen::augment(picture, {.scale_low = 8, .scale_high = 12}, extent, seed, 2, index) ==
          cut(scaled, top, left, false, extent));
  }
  CHECK(sides == std::set<int>{8, 9, 10, 11, 12});
}

TEST_CASE("pictures of another size are brought to the network's, then padded") {
  const vggen::image picture = some_image(20, 30);
  const picture_extent extent{3, 8, 8};
  const vggen::image middle{8, 8, vggen::evaluation_view(picture, {}, extent)};
  for (std::uint32_t index = 0; index < 20; ++index)
    CHECK(vggen::augment(picture, {.crop_padding = 2}, extent, seed, 5, index) ==
          cut(middle, below(5, 5, index, 1) - 2, below(5, 5, index, 2) - 2, false, extent));
}

TEST_CASE("one channel is the luma of three") {
  const vggen::image picture = some_image(8, 8);
  const bytes grey = vggen::prepare_image(picture, 1, 8, 8, vggen::find_preprocessing("unit"));
  CHECK(vggen::augment(picture, {}, {1, 8, 8}, seed, 0, 0) == grey);
  const vggen::image as_grey = [&] {
    vggen::image result{8, 8, {}};
    for (const std::uint8_t value : grey)
      result.pixels.insert(result.pixels.end(), 3, value);
    return result;
  }();
  const augmentation how{.crop_padding = 3, .flip = true};
  for (std::uint32_t index = 0; index < 20; ++index) {
    const bytes one = vggen::augment(picture, how, {1, 8, 8}, seed, 1, index);
    const bytes three = vggen::augment(as_grey, how, {3, 8, 8}, seed, 1, index);
    for (std::size_t i = 0; i < one.size(); ++i)
      CHECK(one[i] == three[3 * i + 1]);
  }
}

TEST_CASE("colours are shifted along the principal components") {
  augmentation how{.colour_shift = 0.1};
  how.colours.variances = {0.25, 0.04, 0};
  how.colours.vectors = {{{0.6, 0.8, 0}, {-0.8, 0.6, 0}, {0, 0, 1}}};
  const picture_extent extent{3, 4, 4};
  for (std::uint32_t index = 0; index < 50; ++index) {
    const auto w = words(9, index, 4);
    const double radius = std::sqrt(-2 * std::log((w[0] + 1.0) / 4294967296.0));
    const double angle = 6.283185307179586 * (w[1] / 4294967296.0);
    const double a = 0.1 * radius * std::cos(angle);
    const double b = 0.1 * radius * std::sin(angle);
    const std::array<long, 3> shift{std::lround(255 * (0.6 * 0.5 * a - 0.8 * 0.2 * b)),
                                    std::lround(255 * (0.8 * 0.5 * a + 0.6 * 0.2 * b)), 0};
    const vggen::image picture = some_image(4, 4, index);
    bytes expected = picture.pixels;
    for (std::size_t i = 0; i < expected.size(); ++i)
      expected[i] = static_cast<std::uint8_t>(std::clamp(expected[i] + shift[i % 3], 0L, 255L));
    CHECK(vggen::augment(picture, how, extent, seed, 9, index) == expected);
  }
}

TEST_CASE("shifted colours stay bytes, and padding stays black") {
  augmentation how{.crop_padding = 4, .colour_shift = 100};
  how.colours.variances = {1, 1, 1};
  how.colours.vectors = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  const vggen::image grey{1, 1, {128, 128, 128}};
  for (std::uint32_t index = 0; index < 100; ++index) {
    const bytes one = vggen::augment(grey, how, {3, 1, 1}, seed, 0, index);
    const bool inside = below(9, 0, index, 1) == 4 && below(9, 0, index, 2) == 4;
    for (const std::uint8_t value : one)
      CHECK((inside ? value == 0 || value == 255 : value == 0));
  }
  how.crop_padding = 0;
  std::set<std::uint8_t> seen;
  for (std::uint32_t index = 0; index < 30; ++index)
    for (const std::uint8_t value : vggen::augment(grey, how, {3, 1, 1}, seed, 0, index))
      seen.insert(value);
  CHECK(seen == std::set<std::uint8_t>{0, 255});
}

TEST_CASE("normal numbers have their mean, deviation and tails") {
  double sum = 0;
  double squares = 0;
  double product = 0;
  int beyond_two = 0;
  constexpr int blocks = 20000;
  for (std::uint32_t i = 0; i < blocks; ++i) {
    const auto three = vggen::detail::three_normals(words(0, i, 4));
    product += three[0] * three[1];
    for (const double x : three) {
      sum += x;
      squares += x * x;
      beyond_two += std::abs(x) > 2 ? 1 : 0;
    }
  }
  constexpr double count = 3.0 * blocks;
  CHECK(std::abs(sum / count) < 5 / std::sqrt(count));
  CHECK(std::abs(squares / count - 1) < 5 * std::sqrt(2 / count));
  CHECK(std::abs(product / blocks) < 5 / std::sqrt(blocks));
  CHECK(std::abs(beyond_two / count - 0.0455) < 0.005);
  constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
  for (const std::uint32_t word : {std::uint32_t{0}, most})
    for (const double x : vggen::detail::three_normals({word, word, word, word}))
      CHECK(std::abs(x) < 7);
}

TEST_CASE("seed, epoch and index all matter, and nothing else does") {
  const vggen::image picture = some_image(32, 32);
  const augmentation how{.crop_padding = 8, .flip = true};
  const picture_extent extent{3, 32, 32};
  const bytes base = vggen::augment(picture, how, extent, seed, 3, 7);
  CHECK(base == vggen::augment(picture, how, extent, seed, 3, 7));
  CHECK(base != vggen::augment(picture, how, extent, seed + 1, 3, 7));
  CHECK(base != vggen::augment(picture, how, extent, seed + (std::uint64_t{1} << 32), 3, 7));
  CHECK(base != vggen::augment(picture, how, extent, seed, 4, 7));
  CHECK(base != vggen::augment(picture, how, extent, seed, 3, 8));
}

TEST_CASE("impossible augmentations are refused") {
  const picture_extent extent{3, 8, 10};
  const auto refused = [](const augmentation &how, const picture_extent &of, const std::string &part) {
    check_error([&] { vggen::check_augmentation(how, of); }, error_code::invalid_argument, part);
    check_error([&] { static_cast<void>(vggen::augment(some_image(8, 10), how, of, 1, 1, 1)); },
                error_code::invalid_argument, part);
  };
  refused({.crop_padding = -1}, extent, "found a padding of -1");
  refused({.crop_padding = 32769}, extent, "found a padding of 32769");
  refused({.scale_low = 9, .scale_high = 12}, extent, "found scales from 9 to 12, expected 10");
  refused({.scale_low = 12, .scale_high = 11}, extent, "found scales from 12 to 11");
  refused({.scale_high = 11}, extent, "found scales from 0 to 11");
  refused({.scale_low = 10, .scale_high = 40000}, extent, "found scales from 10 to 40000");
  refused({.colour_shift = -0.1}, extent, "found a colour shift of -0.1");
  refused({.colour_shift = std::numeric_limits<double>::quiet_NaN()}, extent, "found a colour shift of");
  refused({.colour_shift = 0.1}, extent, "without the data set's principal components");
  augmentation coloured{.colour_shift = 0.1};
  coloured.colours.variances = {1, 1, std::numeric_limits<double>::infinity()};
  refused(coloured, extent, "without the data set's principal components");
  coloured.colours.variances = {1, 1, 1};
  coloured.colours.vectors[1][1] = std::numeric_limits<double>::quiet_NaN();
  refused(coloured, extent, "without the data set's principal components");
  refused({.colour_shift = 0.1}, {1, 8, 10}, "found a colour shift for 1 x 8 x 10");
  refused({}, {2, 8, 10}, "found the extent 2 x 8 x 10");
  refused({}, {3, 0, 10}, "found the extent 3 x 0 x 10");
  refused({}, {3, 1 << 20, 1 << 20}, "found the extent");
  bytes small(5);
  check_error([&] { vggen::augment(some_image(8, 10), {}, extent, 1, 1, 1, small); },
              error_code::invalid_argument, "found room for 5 bytes, expected 3 x 8 x 10");
  check_error([&] { static_cast<void>(vggen::augment({2, 2, bytes(11)}, {}, extent, 1, 1, 1)); },
              error_code::invalid_argument, "augment: found an image of height 2");
}

} // namespace
