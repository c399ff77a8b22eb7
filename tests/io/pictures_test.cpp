// Mosaics, and numbers as pictures, by hand.
#include <vggen/io/error.hpp>
#include <vggen/io/mosaic.hpp>
#include <vggen/io/value_pictures.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

using namespace vggen;

namespace {

using pixels = std::vector<std::uint8_t>;

constexpr float nan = std::numeric_limits<float>::quiet_NaN(),
                infinity = std::numeric_limits<float>::infinity(), most = std::numeric_limits<float>::max();

// A picture of one row, of these greys.
image grey_row(const pixels &greys) {
  image picture{1, static_cast<int>(greys.size()), {}};
  for (const std::uint8_t grey : greys)
    picture.pixels.insert(picture.pixels.end(), 3, grey);
  return picture;
}

// One channel of a picture.
pixels channel(const image &picture, std::size_t c) {
  pixels values;
  for (std::size_t i = c; i < picture.pixels.size(); i += 3)
    values.push_back(picture.pixels[i]);
  return values;
}

error_code refusal(auto f) {
  try {
    f();
  } catch (const error &problem) {
    return problem.code();
  }
  FAIL("nothing was thrown");
  return {};
}

} // namespace

TEST_CASE("each pixel becomes a square") {
  const image picture{2, 1, {1, 2, 3, 4, 5, 6}};
  const image twice = magnified(picture, 2);
  CHECK(twice.height == 4);
  CHECK(twice.width == 2);
  CHECK(channel(twice, 0) == pixels{1, 1, 1, 1, 4, 4, 4, 4});
  CHECK(channel(twice, 2) == pixels{3, 3, 3, 3, 6, 6, 6, 6});
  CHECK(magnified(picture, 1).pixels == picture.pixels);
}

TEST_CASE("a mosaic has a white line around each picture, and is white where there is none") {
  const std::array three{grey_row({1, 2}), grey_row({3, 4}), grey_row({5, 6})};
  const image plain = mosaic(three, 1);
  CHECK(plain.height == 5);
  CHECK(plain.width == 7);
  constexpr std::uint8_t w = 255;
  CHECK(channel(plain, 1) == pixels{
                                 w, w, w, w, w, w, w, //
                                 w, 1, 2, w, 3, 4, w, //
                                 w, w, w, w, w, w, w, //
                                 w, 5, 6, w, w, w, w, //
                                 w, w, w, w, w, w, w, //
                             });
  const image one = mosaic(std::span(three).first(1), 2);
  CHECK(one.height == 4);
  CHECK(one.width == 6);
  CHECK(channel(one, 0) == pixels{w, w, w, w, w, w, w, 1, 1, 2, 2, w, w, 1, 1, 2, 2, w, w, w, w, w, w, w});
}

TEST_CASE("a mosaic is about as wide as it is high") {
  const auto extents = [](std::size_t count) {
    const image picture = mosaic(std::vector(count, grey_row({0})), 1);
    return std::array{(picture.width - 1) / 2, (picture.height - 1) / 2};
  };
  CHECK(extents(1) == std::array{1, 1});
  CHECK(extents(2) == std::array{2, 1});
  CHECK(extents(4) == std::array{2, 2});
  CHECK(extents(5) == std::array{3, 2});
  CHECK(extents(512) == std::array{23, 23});
}

TEST_CASE("what is no picture, or becomes too large a one, is refused") {
  using enum error_code;
  const image picture = grey_row({1, 2});
  const auto of = [](std::vector<image> pictures, int factor) {
    return [=] { static_cast<void>(mosaic(pictures, factor)); };
  };
  CHECK(refusal(of({}, 1)) == invalid_argument);
  CHECK(refusal(of({picture, grey_row({1})}, 1)) == invalid_argument);
  CHECK(refusal(of({picture, {1, 2, {}}}, 1)) == invalid_argument);
  CHECK(refusal(of({picture}, 0)) == invalid_argument);
  CHECK(refusal(of({picture}, 100'000)) == invalid_argument);
  CHECK(refusal(of({picture}, std::numeric_limits<int>::max())) == invalid_argument);
  CHECK(refusal([&] { static_cast<void>(magnified(picture, 0)); }) == invalid_argument);
  CHECK(refusal([&] { static_cast<void>(magnified(picture, 100'000)); }) == invalid_argument);
  CHECK(refusal([&] { static_cast<void>(magnified({1, 2, {}}, 1)); }) == invalid_argument);
}

TEST_CASE("small pictures are made about 32 pixels large") {
  CHECK(comfortable_factor(3, 3) == 10);
  CHECK(comfortable_factor(14, 7) == 2);
  CHECK(comfortable_factor(32, 1) == 1);
  CHECK(comfortable_factor(224, 224) == 1);
}

TEST_CASE("maps are grey from the least value to the largest") {
  const std::vector<float> map{-1, 0, 1, 3, nan, -infinity, infinity, 1};
  const value_range range = range_of(map);
  CHECK(range.least == -1);
  CHECK(range.largest == 3);
  const image picture = map_picture(map, 2, 4, range);
  CHECK(picture.height == 2);
  CHECK(picture.width == 4);
  for (std::size_t c = 0; c < 3; ++c)
    CHECK(channel(picture, c) == pixels{0, 64, 128, 255, 0, 0, 255, 128});
  CHECK(channel(map_picture(map, 2, 4, {0, 10}), 0) == pixels{0, 0, 26, 77, 0, 0, 255, 26});
  CHECK(channel(map_picture(std::vector<float>{-most, 0, most}, 1, 3, {-most, most}), 0) ==
        pixels{0, 128, 255});
}

TEST_CASE("a map of one value is black") {
  for (const float value : {-2.f, 0.f, 2.f, nan}) {
    const std::vector<float> map(2, value);
    CHECK(channel(map_picture(map, 1, 2, range_of(map)), 0) == pixels{0, 0});
  }
}

TEST_CASE("filters of three channels have colours, others are grey") {
  const image coloured = filter_picture(std::vector<float>{0.5f, 0, -0.5f, 0.25f, 0, nan}, 1, 2, false);
  CHECK(coloured.pixels == pixels{255, 0, 128, 128, 191, 128});
  const image reversed = filter_picture(std::vector<float>{0.5f, 0, -0.5f, 0.25f, 0, nan}, 1, 2, true);
  CHECK(reversed.pixels == pixels{128, 0, 255, 128, 191, 128});
  const image grey = filter_picture(std::vector<float>{0.5f, -0.25f, infinity}, 3, 1, true);
  CHECK(grey.height == 3);
  CHECK(grey.pixels == pixels{255, 255, 255, 64, 64, 64, 128, 128, 128});
  CHECK(filter_picture(std::vector<float>(1), 1, 1, false).pixels == pixels{128, 128, 128});
  CHECK(largest_magnitude(std::vector<float>{0.25f, -0.5f, nan, infinity}) == 0.5f);
  CHECK(largest_magnitude({}) == 0);
}

TEST_CASE("values have to fill the picture") {
  using enum error_code;
  CHECK(refusal([] { static_cast<void>(map_picture(std::vector<float>(3), 2, 2, {})); }) == invalid_argument);
  CHECK(refusal([] { static_cast<void>(filter_picture(std::vector<float>(8), 2, 2, false)); }) ==
        invalid_argument);
  CHECK(refusal([] { static_cast<void>(filter_picture({}, 0, 2, false)); }) == invalid_argument);
}
