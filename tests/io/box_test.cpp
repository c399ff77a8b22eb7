// Overlaps by hand, boxes as numbers, and boxes in what a network sees.
#include <vggen/io/box.hpp>
#include <vggen/io/preprocessing.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace vggen;

namespace {

void check_same(const box &found, const box &expected) {
  CHECK(found.left == doctest::Approx(expected.left));
  CHECK(found.top == doctest::Approx(expected.top));
  CHECK(found.right == doctest::Approx(expected.right));
  CHECK(found.bottom == doctest::Approx(expected.bottom));
}

} // namespace

TEST_CASE("overlaps by hand") {
  const box a{0, 0, 4, 2};
  CHECK(overlap(a, a) == 1);
  CHECK(overlap(a, {2, 0, 6, 2}) == doctest::Approx(4.0 / 12));
  CHECK(overlap(a, {1, 0.5, 3, 1.5}) == doctest::Approx(2.0 / 8)); // one in the other
  CHECK(overlap(a, {0, 0, 4, 4}) == 0.5);
  CHECK(overlap(a, {4, 0, 8, 2}) == 0); // they touch
  CHECK(overlap(a, {-9, -9, -1, -1}) == 0);
  for (const box &b : {box{2, 0, 6, 2}, box{1, 0.5, 3, 1.5}, box{-1, -2, 3, 1}})
    CHECK(overlap(a, b) == overlap(b, a));
}

TEST_CASE("empty boxes overlap with nothing") {
  constexpr double no_number = std::numeric_limits<double>::quiet_NaN();
  const box a{0, 0, 4, 2};
  for (const box &b : {box{}, box{1, 1, 1, 2}, box{3, 0, 1, 2}, box{3, 2, 1, 0}, box{no_number, 0, 4, 2},
                       box{0, 0, 4, no_number}}) {
    CHECK(b.is_empty());
    CHECK(overlap(a, b) == 0);
    CHECK(overlap(b, a) == 0);
    CHECK(overlap(b, b) == 0);
  }
}

TEST_CASE("boxes as numbers, and back") {
  const box place{0.25, 0.5, 0.75, 0.625};
  CHECK(to_numbers(place) == std::array<float, 4>{0.5f, 0.5625f, 0.5f, 0.125f});
  CHECK(from_numbers(to_numbers(place)) == place);
  CHECK(from_numbers(std::array<float, 4>{0.5f, 0.5f, -0.5f, 1.f}).is_empty());
}

TEST_CASE("what a network sees of a box, by hand") {
  // a picture of 20 x 10, twice as large, of which a part of 8 x 16 is seen
  picture_view view{.picture_height = 10,
                    .picture_width = 20,
                    .scaled_height = 20,
                    .scaled_width = 40,
                    .top = 4,
                    .left = 10,
                    .height = 16,
                    .width = 8};
  const box place{6, 3, 8, 7};
  check_same(seen_box(place, view), {2.0 / 8, 2.0 / 16, 6.0 / 8, 10.0 / 16});
  view.flipped = true;
  check_same(seen_box({6, 3, 7, 7}, view), {4.0 / 8, 2.0 / 16, 6.0 / 8, 10.0 / 16});
  for (const bool flipped : {false, true}) {
    view.flipped = flipped;
    check_same(box_in_picture(seen_box(place, view), view), place);
    CHECK(seen_box({0, 0, 20, 10}, view) == box{0, 0, 1, 1}); // cut off at the edges
    CHECK(seen_box({10, 3, 12, 7}, view).is_empty());         // beside it
    CHECK(seen_box({6, 0, 8, 1}, view).is_empty());           // above it
  }
  // beyond the picture's edges
  view = {.picture_height = 10,
          .picture_width = 20,
          .scaled_height = 10,
          .scaled_width = 20,
          .top = -5,
          .left = -5,
          .height = 20,
          .width = 30};
  check_same(seen_box({0, 0, 20, 10}, view), {5.0 / 30, 5.0 / 20, 25.0 / 30, 15.0 / 20});
  check_same(box_in_picture({0, 0, 1, 1}, view), {0, 0, 20, 10});
  CHECK(box_in_picture({0, 0, 0.1, 0.1}, view).is_empty());
}

TEST_CASE("the view of a prepared picture is where prepare_image looks") {
  const image wide{10, 40, std::vector<std::uint8_t>(1200)};
  const picture_view unit = prepared_view(wide, 20, 20, find_preprocessing("unit"));
  check_same(box_in_picture({0, 0, 1, 1}, unit), {15, 0, 25, 10}); // the middle, of twice the size
  check_same(seen_box({15, 0, 20, 5}, unit), {0, 0, 0.5, 0.5});
  const picture_view margin = prepared_view(wide, 224, 224, find_preprocessing("torchvision"));
  check_same(box_in_picture({0, 0, 1, 1}, margin), {20 - 4.375, 5 - 4.375, 20 + 4.375, 5 + 4.375});
}
