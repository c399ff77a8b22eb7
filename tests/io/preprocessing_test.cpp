// Preprocessings by name, and prepare_image against the steps that torchvision and Pillow take.
#include "vggen/io/error.hpp"
#include "vggen/io/preprocessing.hpp"
#include "vggen/io/read_image.hpp"
#include "vggen/io/resize.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace vggen;
using bytes = std::vector<std::uint8_t>;

const std::filesystem::path data = std::filesystem::path(VGGEN_TEST_DATA) / "images";

template <class Work> void check_invalid(Work work, const std::string &part) {
  try {
    static_cast<void>(work());
    FAIL_CHECK("nothing was thrown");
  } catch (const error &problem) {
    const std::string message = problem.what();
    INFO(message);
    CHECK(problem.code() == error_code::invalid_argument);
    CHECK(message.find(part) != std::string::npos);
  }
}

// A picture of one row whose pixels are all different.
image ramp(int width) {
  image result{1, width, {}};
  for (int x = 0; x < width * 3; ++x)
    result.pixels.push_back(static_cast<std::uint8_t>(x * 7));
  return result;
}

TEST_CASE("the presets are the published ones") {
  const preprocessing &torchvision = find_preprocessing("torchvision");
  CHECK(torchvision.name == "torchvision");
  CHECK(torchvision.resize_smaller_side == 256);
  CHECK(torchvision.divisor == 255.0F);
  CHECK(torchvision.mean == std::array{0.485F, 0.456F, 0.406F});
  CHECK(torchvision.deviation == std::array{0.229F, 0.224F, 0.225F});
  CHECK(!torchvision.reverse_channels);

  const preprocessing &caffe = find_preprocessing("caffe");
  CHECK(caffe.name == "caffe");
  CHECK(caffe.resize_smaller_side == 256);
  CHECK(caffe.divisor == 1.0F);
  CHECK(caffe.mean == std::array{103.939F, 116.779F, 123.68F}); // blue, green, red
  CHECK(caffe.deviation == std::array{1.0F, 1.0F, 1.0F});
  CHECK(caffe.reverse_channels);

  const preprocessing &unit = find_preprocessing("unit");
  CHECK(unit.name == "unit");
  CHECK(unit.resize_smaller_side == 224);
  CHECK(unit.divisor == 255.0F);
  CHECK(unit.mean == std::array{0.0F, 0.0F, 0.0F});
  CHECK(unit.deviation == std::array{1.0F, 1.0F, 1.0F});
  CHECK(!unit.reverse_channels);
}

TEST_CASE("an unknown name is refused with the known ones") {
  for (const char *name : {"", "Caffe", "tf", "torchvision "})
    check_invalid([&] { return find_preprocessing(name); },
                  "found \"" + std::string(name) + "\", expected one of torchvision, caffe, unit");
}

TEST_CASE("a square network sees what torchvision's Resize and CenterCrop give") {
  const image photo = read_image(data / "photo.jpg");
  struct {
    int extent;
    int smaller_side;
  } const sizes[] = {{224, 256}, {32, 37}, {28, 32}, {96, 110}, {1, 1}};
  for (const auto &[extent, smaller_side] : sizes)
    for (const image &picture :
         {photo, image{320, 240, photo.pixels}, image{256, 300, bytes(256 * 300 * 3, 9)}}) {
      CAPTURE(extent);
      const image expected = centre_crop(resize_smaller_side(picture, smaller_side), extent, extent);
      for (const char *name : {"torchvision", "caffe"})
        CHECK(prepare_image(picture, 3, extent, extent, find_preprocessing(name)) == expected.pixels);
    }
}

TEST_CASE("unit keeps the whole smaller side, and a picture of the network's size as it is") {
  const image photo = read_image(data / "photo.jpg");
  const preprocessing &unit = find_preprocessing("unit");
  CHECK(prepare_image(photo, 3, 32, 32, unit) == centre_crop(resize_smaller_side(photo, 32), 32, 32).pixels);
  CHECK(prepare_image(photo, 3, 240, 320, unit) == photo.pixels);
}

TEST_CASE("a network that is not square sees no border") {
  for (const auto &[height, width] : {std::pair{20, 50}, {50, 20}, {64, 48}})
    for (const auto &[rows, columns] : {std::pair{40, 40}, {31, 90}, {90, 31}, {7, 7}}) {
      const image white{rows, columns, bytes(static_cast<std::size_t>(rows * columns * 3), 255)};
      for (const char *name : {"torchvision", "unit"}) {
        const bytes found = prepare_image(white, 3, height, width, find_preprocessing(name));
        CHECK(found.size() == static_cast<std::size_t>(height * width * 3));
        CHECK(std::ranges::all_of(found, [](std::uint8_t value) { return value == 255; }));
      }
    }
}

TEST_CASE("a single channel is Pillow's luma") {
  // (19595 R + 38470 G + 7471 B + 32768) / 65536, truncated: Pillow's rgb2l
  struct {
    bytes colour;
    std::uint8_t grey;
  } const known[] = {{{255, 0, 0}, 76},      {{0, 255, 0}, 150},   {{0, 0, 255}, 29},
                     {{255, 255, 255}, 255}, {{255, 255, 0}, 226}, {{1, 2, 3}, 2},
                     {{0, 0, 0}, 0},         {{17, 17, 17}, 17},   {{200, 100, 50}, 124}};
  for (const auto &[colour, grey] : known)
    CHECK(prepare_image({1, 1, colour}, 1, 1, 1, find_preprocessing("unit")) == bytes{grey});

  const image photo = read_image(data / "photo.jpg");
  const bytes colours = prepare_image(photo, 3, 28, 30, find_preprocessing("torchvision"));
  const bytes greys = prepare_image(photo, 1, 28, 30, find_preprocessing("torchvision"));
  REQUIRE(greys.size() == 28 * 30);
  for (std::size_t i = 0; i < greys.size(); ++i)
    CHECK(greys[i] ==
          (19595 * colours[3 * i] + 38470 * colours[3 * i + 1] + 7471 * colours[3 * i + 2] + 0x8000) /
              0x10000);
}

TEST_CASE("what no picture can be made for is refused") {
  const image picture = ramp(5);
  const preprocessing &torchvision = find_preprocessing("torchvision");
  constexpr int most = std::numeric_limits<int>::max();
  for (const int channels : {-1, 0, 2, 4, most})
    check_invalid([&] { return prepare_image(picture, channels, 8, 8, torchvision); },
                  "found a network whose input has " + std::to_string(channels) +
                      " channels, expected 3 (colour) or 1 (grey)");
  for (const auto &[height, width] :
       {std::pair{0, 8}, {8, 0}, {-1, 8}, {8, -most - 1}, {most, 8}, {8, most}, {most, most}})
    check_invalid([&] { return prepare_image(picture, 3, height, width, torchvision); }, "expected");
  check_invalid([&] { return prepare_image({}, 3, 8, 8, torchvision); }, "expected extents of at least 1");
  check_invalid([&] { return prepare_image({2, 2, bytes(11)}, 3, 8, 8, torchvision); }, "and 11 values");
  const image thin{1, 10'000'000, bytes(30'000'000)}; // 256 high, it would be 2.56e9 wide
  check_invalid([&] { return prepare_image(thin, 3, 224, 224, torchvision); }, "expected at least 1 each");
}

} // namespace
