// evaluation_view against resize.hpp and prepare_image, of which it is made.
#include "support.hpp"

#include <vggen/data/augmentation.hpp>
#include <vggen/io/preprocessing.hpp>
#include <vggen/io/resize.hpp>

namespace {

using namespace support;
using vggen::error_code;
using vggen::evaluation_view;

TEST_CASE("a picture of the right size stays as it is") {
  const vggen::image picture = some_image(7, 5);
  CHECK(evaluation_view(picture, {}, {3, 7, 5}) == picture.pixels);
}

TEST_CASE("others just cover the extent, as prepare_image has it") {
  const auto &unit = vggen::find_preprocessing("unit");
  for (const auto &[height, width] : {std::pair{20, 31}, {31, 20}, {5, 9}, {8, 12}, {100, 3}}) {
    CAPTURE(height);
    const vggen::image picture = some_image(height, width);
    CHECK(evaluation_view(picture, {}, {3, 8, 8}) == vggen::prepare_image(picture, 3, 8, 8, unit));
    CHECK(evaluation_view(picture, {}, {1, 6, 9}) == vggen::prepare_image(picture, 1, 6, 9, unit));
  }
}

TEST_CASE("a smaller side leaves a margin") {
  const vggen::image picture = some_image(40, 50);
  const vggen::image expected = vggen::centre_crop(vggen::resize_smaller_side(picture, 12), 8, 9);
  CHECK(evaluation_view(picture, {.smaller_side = 12}, {3, 8, 9}) == expected.pixels);
  // 256 for 224: what programs do under "torchvision"
  const vggen::image large = some_image(260, 300);
  CHECK(evaluation_view(large, {.smaller_side = 256}, {3, 224, 224}) ==
        vggen::prepare_image(large, 3, 224, 224, vggen::find_preprocessing("torchvision")));
  // Also where the size would fit: the margin is asked for.
  const vggen::image fitting = some_image(8, 8);
  CHECK(evaluation_view(fitting, {.smaller_side = 10}, {3, 8, 8}) ==
        vggen::centre_crop(vggen::resize_smaller_side(fitting, 10), 8, 8).pixels);
}

TEST_CASE("impossible views are refused") {
  const vggen::image picture = some_image(8, 8);
  for (const int side : {-1, 8, 32769}) {
    const std::string part = "found a smaller side of " + std::to_string(side) + ", expected 9";
    check_error([&] { vggen::check_evaluation({side}, {3, 8, 9}); }, error_code::invalid_argument, part);
    check_error([&] { static_cast<void>(evaluation_view(picture, {side}, {3, 8, 9})); },
                error_code::invalid_argument, part);
  }
  check_error([&] { static_cast<void>(evaluation_view({}, {}, {3, 8, 9})); }, error_code::invalid_argument,
              "evaluation_view: found an image of height 0");
  bytes small(5);
  check_error([&] { evaluation_view(picture, {}, {3, 8, 8}, small); }, error_code::invalid_argument,
              "found room for 5 bytes");
}

} // namespace
