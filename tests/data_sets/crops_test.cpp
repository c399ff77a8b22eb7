// Where crops lie, to the pixel, and what is in them.
#include "support.hpp"

#include <vggen/data/crops.hpp>
#include <vggen/io/resize.hpp>

#include <set>

namespace {

using namespace support;
using vggen::crop;
using vggen::crops_of;
using vggen::error_code;

using places = std::vector<std::pair<int, int>>;

places places_of(const std::vector<crop> &crops) {
  places result;
  for (const crop &one : crops)
    result.emplace_back(one.top, one.left);
  return result;
}

TEST_CASE("one crop is the middle, rounded as centre_crop rounds") {
  for (int height = 5; height < 13; ++height)
    for (int width = 4; width < 12; ++width) {
      const vggen::image picture = some_image(height, width);
      const auto crops = crops_of(height, width, {3, 5, 4}, 1, false);
      REQUIRE(crops.size() == 1);
      vggen::image part;
      vggen::cut_crop(picture, crops[0], 5, 4, part);
      CHECK(part.pixels == vggen::centre_crop(picture, 5, 4).pixels);
    }
}

TEST_CASE("five are the corners and the middle") {
  CHECK(places_of(crops_of(11, 16, {3, 8, 8}, 5, false)) == // a half is rounded to the even number: 1.5 to 2
        places{{0, 0}, {0, 8}, {3, 0}, {3, 8}, {2, 4}});
  CHECK(places_of(crops_of(8, 13, {3, 8, 8}, 5, false)) == places{{0, 0}, {0, 5}, {0, 0}, {0, 5}, {0, 2}});
}

TEST_CASE("25 are a regular grid") {
  const auto crops = crops_of(16, 24, {3, 8, 8}, 25, false);
  REQUIRE(crops.size() == 25);
  for (int row = 0; row < 5; ++row)
    for (int column = 0; column < 5; ++column)
      CHECK(crops[static_cast<std::size_t>(5 * row + column)] == crop{2 * row, 4 * column, false});
  // margins of 5 and 6: 0, 1.25, 2.5, 3.75, 5 and 0, 1.5, 3, 4.5, 6
  const auto odd = crops_of(12, 15, {1, 7, 9}, 25, false);
  const int tops[] = {0, 1, 2, 4, 5}, lefts[] = {0, 2, 3, 4, 6};
  for (std::size_t i = 0; i < 25; ++i)
    CHECK(odd.at(i) == crop{tops[i / 5], lefts[i % 5], false});
  // the paper's: 256 for 224
  CHECK(places_of(crops_of(256, 256, {3, 224, 224}, 25, false))[6] == std::pair{8, 8});
}

TEST_CASE("one pixel of margin, and none") {
  const auto grid = places_of(crops_of(9, 9, {3, 8, 8}, 25, false));
  CHECK(std::set(grid.begin(), grid.end()) == std::set<std::pair<int, int>>{{0, 0}, {0, 1}, {1, 0}, {1, 1}});
  CHECK(grid[12] == std::pair{0, 0}); // 0.5 to 0
  CHECK(places_of(crops_of(9, 8, {3, 8, 8}, 5, false)) == places{{0, 0}, {0, 0}, {1, 0}, {1, 0}, {0, 0}});
  for (const int count : {1, 5, 25}) {
    const auto whole = crops_of(8, 9, {3, 8, 9}, count, false);
    REQUIRE(whole.size() == static_cast<std::size_t>(count)); // as many as of any other picture
    for (const crop &one : whole)
      CHECK(one == crop{});
  }
}

TEST_CASE("with flip each is followed by its mirror image") {
  for (const int count : {1, 5, 25}) {
    const auto plain = crops_of(11, 14, {3, 8, 8}, count, false);
    const auto both = crops_of(11, 14, {3, 8, 8}, count, true);
    REQUIRE(both.size() == 2 * plain.size());
    for (std::size_t i = 0; i < plain.size(); ++i) {
      CHECK(both[2 * i] == plain[i]);
      CHECK(both[2 * i + 1] == crop{plain[i].top, plain[i].left, true});
    }
  }
}

TEST_CASE("pixels are those of the picture, from right to left if flipped") {
  const vggen::image picture = some_image(7, 9);
  vggen::image part{.height = 50, .width = 50, .pixels = bytes(7500)}; // memory to be used again
  for (const bool flipped : {false, true}) {
    vggen::cut_crop(picture, {.top = 2, .left = 3, .flipped = flipped}, 4, 5, part);
    REQUIRE(part.height == 4);
    REQUIRE(part.width == 5);
    REQUIRE(part.pixels.size() == 60);
    for (std::size_t y = 0; y < 4; ++y)
      for (std::size_t x = 0; x < 5; ++x)
        for (std::size_t c = 0; c < 3; ++c)
          CHECK(part.pixels[(5 * y + x) * 3 + c] ==
                picture.pixels[(9 * (y + 2) + 3 + (flipped ? 4 - x : x)) * 3 + c]);
  }
}

TEST_CASE("what cannot be is refused") {
  for (const int count : {-1, 0, 2, 10, 50})
    check_error([&] { return crops_of(9, 9, {3, 8, 8}, count, false); }, error_code::invalid_argument,
                "found " + std::to_string(count) + ", expected 1, 5 or 25");
  check_error([] { return crops_of(7, 9, {3, 8, 8}, 1, false); }, error_code::invalid_argument,
              "found a picture of height 7 and width 9, expected at least 8 and 8");
  check_error([] { return crops_of(9, 7, {3, 8, 8}, 1, false); }, error_code::invalid_argument, "width 7");
  const vggen::image picture = some_image(8, 8);
  vggen::image part;
  for (const crop &where : {crop{-1, 0, false}, crop{0, -1, false}, crop{2, 0, false}, crop{0, 2, true}})
    check_error([&] { vggen::cut_crop(picture, where, 7, 7, part); }, error_code::invalid_argument,
                "within a picture of height 8 and width 8");
  check_error([&] { vggen::cut_crop({}, {}, 7, 7, part); }, error_code::invalid_argument, "height 0");
}

} // namespace
