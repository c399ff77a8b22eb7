// Class activation maps by hand.
#include <vggen/io/class_map.hpp>
#include <vggen/io/error.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace vggen;

namespace {

image grey_picture(int height, int width, std::uint8_t value) {
  return {.height = height,
          .width = width,
          .pixels = std::vector<std::uint8_t>(static_cast<std::size_t>(height * width) * 3, value)};
}

std::vector<std::uint8_t> pixel(const image &picture, int y, int x) {
  const auto first = picture.pixels.begin() + 3 * (y * picture.width + x);
  return {first, first + 3};
}

} // namespace

TEST_CASE("channels count as much as their gradients' mean, and what speaks against the class not at all") {
  // weights 2 and -1: sums 2 * {1, 2, 3, 4} - {0, 8, 2, 0}
  const std::vector<float> activations{1, 2, 3, 4, 0, 8, 2, 0}, gradients{2, 2, 1, 3, -4, 0, 0, 0};
  CHECK(class_activation_map(activations, gradients, {2, 2, 2}) == std::vector<float>{0.25f, 0, 0.5f, 1});
}

TEST_CASE("where nothing speaks for the class the map is empty") {
  CHECK(class_activation_map(std::vector<float>{1, 2}, std::vector<float>{-1, -1}, {1, 1, 2}) ==
        std::vector<float>{0, 0});
  CHECK(class_activation_map(std::vector<float>{0, 0}, std::vector<float>{1, 1}, {1, 1, 2}) ==
        std::vector<float>{0, 0});
}

TEST_CASE("sizes have to match") {
  CHECK_THROWS_AS((void)class_activation_map(std::vector<float>(3), std::vector<float>(4), {1, 2, 2}), error);
  CHECK_THROWS_AS((void)class_activation_map(std::vector<float>(4), std::vector<float>(3), {1, 2, 2}), error);
  CHECK_THROWS_AS((void)with_map(grey_picture(2, 2, 0), std::vector<float>(3), 2, 2), error);
  CHECK_THROWS_AS((void)with_map({.height = 2, .width = 2, .pixels = {}}, std::vector<float>(4), 2, 2),
                  error);
}

TEST_CASE("the picture is grey where the map is empty, and yellow where it is full") {
  image picture = grey_picture(4, 6, 0);
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3)
    picture.pixels[i] = 100; // red
  const image nothing = with_map(picture, std::vector<float>(6), 2, 3);
  for (const std::uint8_t value : nothing.pixels)
    CHECK(value == 30);
  const image all = with_map(picture, std::vector<float>(6, 1.f), 2, 3);
  CHECK(pixel(all, 0, 0) == std::vector<std::uint8_t>{210, 210, 6}); // four fifths of yellow, one of grey
  CHECK(all.pixels.size() == picture.pixels.size());
}

TEST_CASE("a map is stretched between the centres of its pixels") {
  const std::vector<float> map{0, 1};
  const image wide = with_map(grey_picture(1, 8, 0), map, 1, 2);
  std::vector<int> red;
  for (int x = 0; x < 8; ++x)
    red.push_back(pixel(wide, 0, x)[0]);
  CHECK(std::ranges::is_sorted(red));
  CHECK(red[0] == 0); // before the first centre, which is between pixels 1 and 2
  CHECK(red[1] == 0);
  CHECK(red[2] > 0);
  CHECK(red[3] > red[2]);
  CHECK(pixel(wide, 0, 5)[1] < pixel(wide, 0, 6)[1]);
  CHECK(pixel(wide, 0, 6) == pixel(wide, 0, 7)); // behind the last one
  const image tall = with_map(grey_picture(8, 1, 0), map, 2, 1);
  for (int i = 0; i < 8; ++i)
    CHECK(pixel(tall, i, 0) == pixel(wide, 0, i));
}
