// Resizing against Pillow's pixels and cropping against torchvision's rules: equal in every byte.
#include "vggen/io/error.hpp"
#include "vggen/io/read_image.hpp"
#include "vggen/io/resize.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

namespace {

using vggen::image;

const std::filesystem::path data = std::filesystem::path(VGGEN_TEST_DATA) / "images";

std::vector<std::uint8_t> golden(const std::string &name) {
  std::ifstream stream(data / (name + ".rgb"), std::ios::binary);
  REQUIRE_MESSAGE(stream.good(), name);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  return {text.begin(), text.end()};
}

std::string extents(int height, int width) { return std::to_string(height) + "x" + std::to_string(width); }

// photo.jpg is decoded by whatever libjpeg is there, whose rounding may differ by a level from that of the
// goldens' Pillow; rgb8.png is not, so goldens made from it must be met exactly.
void check_near(const image &found, const std::string &name, int tolerance) {
  const std::vector<std::uint8_t> expected = golden(name);
  CAPTURE(name);
  REQUIRE(found.pixels.size() == expected.size());
  int largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i)
    largest = std::max(largest, std::abs(found.pixels[i] - expected[i]));
  CHECK(largest <= tolerance);
}

template <class Work> void check_invalid(Work work) {
  try {
    static_cast<void>(work());
    FAIL_CHECK("nothing was thrown");
  } catch (const vggen::error &problem) {
    INFO(problem.what());
    CHECK(problem.code() == vggen::error_code::invalid_argument);
    CHECK(std::string(problem.what()).find("expected") != std::string::npos);
  }
}

} // namespace

TEST_CASE("resize gives Pillow's pixels") {
  const image photo = vggen::read_image(data / "photo.jpg");
  REQUIRE(photo.height == 240);
  REQUIRE(photo.width == 320);
  for (const auto &[height, width] : {std::pair{31, 47}, {1, 1}, {240, 5}, {3, 320}, {5, 700}})
    check_near(vggen::resize(photo, height, width), "resize_" + extents(height, width), 1);
  const image small = vggen::read_image(data / "rgb8.png");
  for (const auto &[height, width] : {std::pair{20, 31}, {7, 40}, {21, 13}, {3, 40}, {1, 1}}) {
    const image found = vggen::resize(small, height, width);
    CHECK(found.height == height);
    CHECK(found.width == width);
    check_near(found, "grow_" + extents(height, width), 0);
  }
}

TEST_CASE("resize to the same extents changes nothing") {
  const image small = vggen::read_image(data / "rgb8.png");
  CHECK(vggen::resize(small, small.height, small.width).pixels == small.pixels);
}

TEST_CASE("resize keeps a constant picture constant") {
  const image white{5, 9, std::vector<std::uint8_t>(5 * 9 * 3, 255)};
  for (const int height : {1, 2, 4, 5, 17})
    for (const int width : {1, 3, 9, 10, 100}) {
      const image found = vggen::resize(white, height, width);
      CHECK(std::ranges::all_of(found.pixels, [](std::uint8_t value) { return value == 255; }));
    }
}

TEST_CASE("resize_smaller_side truncates the longer side") {
  const image photo = vggen::read_image(data / "photo.jpg");
  check_near(vggen::resize_smaller_side(photo, 33), "smaller_33_33x44", 1);
  const image found = vggen::resize_smaller_side(photo, 10); // 13.33
  CHECK(found.height == 10);
  CHECK(found.width == 13);
  check_near(found, "smaller_10_10x13", 1);
  const image tall{320, 201, std::vector<std::uint8_t>(320 * 201 * 3)};
  const image shrunk = vggen::resize_smaller_side(tall, 100); // 159.2
  CHECK(shrunk.height == 159);
  CHECK(shrunk.width == 100);
}

TEST_CASE("centre_crop follows torchvision, padding included") {
  const image small = vggen::read_image(data / "rgb8.png"); // 7 x 13
  for (const auto &[height, width] :
       {std::pair{7, 13}, {4, 10}, {3, 9}, {2, 8}, {1, 7}, {9, 5}, {10, 16}, {8, 20}}) {
    const image found = vggen::centre_crop(small, height, width);
    CHECK(found.height == height);
    CHECK(found.width == width);
    check_near(found, "crop_" + extents(height, width), 0);
  }
}

TEST_CASE("extents that make no sense are refused before memory is asked for") {
  constexpr int most = std::numeric_limits<int>::max();
  const image small = vggen::read_image(data / "rgb8.png");
  for (const auto &[height, width] :
       {std::pair{0, 5}, {5, 0}, {-1, 5}, {5, most}, {most, most}, {100000, 100000}}) {
    CAPTURE(height);
    CAPTURE(width);
    check_invalid([&] { return vggen::resize(small, height, width); });
    check_invalid([&] { return vggen::centre_crop(small, height, width); });
  }
  for (const int size : {0, -3, 100000, most})
    check_invalid([&] { return vggen::resize_smaller_side(small, size); });
  // Between the passes it would be 100000 x 100000.
  const image column{100000, 1, std::vector<std::uint8_t>(300000)};
  check_invalid([&] { return vggen::resize(column, 1, 100000); });
}

TEST_CASE("an image whose pixels do not match its extents is refused") {
  const image wrong{2, 2, std::vector<std::uint8_t>(3)};
  check_invalid([&] { return vggen::resize(wrong, 1, 1); });
  check_invalid([&] { return vggen::resize_smaller_side(wrong, 1); });
  check_invalid([&] { return vggen::centre_crop(wrong, 1, 1); });
  check_invalid([&] { return vggen::resize(image{}, 1, 1); });
}
