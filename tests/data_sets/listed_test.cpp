// listed_dataset over small folders, wrong lists of every kind, and boxes on their way through a loader.
#include "support.hpp"

#include <vggen/data/augmentation.hpp>
#include <vggen/data/listed.hpp>
#include <vggen/data/loader.hpp>
#include <vggen/data/subset.hpp>
#include <vggen/io/write_png.hpp>

#include <algorithm>
#include <cmath>

namespace {

using namespace support;
using vggen::box;
using vggen::error_code;

void store_list(const fs::path &folder, const std::string &text) {
  store(folder / vggen::boxes_file_name, {text.begin(), text.end()});
}

// A folder with pictures a.png and b.png of 8 x 6.
struct pictures_folder : temporary_folder {
  pictures_folder() {
    for (const char *name : {"a.png", "b.png"})
      vggen::write_png(path / name, some_image(6, 8));
  }
};

// A black picture with a white box.
vggen::image drawn(int height, int width, const box &where) {
  vggen::image picture{height, width,
                       bytes(static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * 3)};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      if (x >= where.left && x < where.right && y >= where.top && y < where.bottom)
        std::fill_n(picture.pixels.begin() + (y * width + x) * 3, 3, std::uint8_t{255});
  return picture;
}

// Where bytes [y][x][3] are bright.
box bright_part(const bytes &seen, int height, int width) {
  box found{double(width), double(height), 0, 0};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      if (seen[static_cast<std::size_t>((y * width + x) * 3)] >= 128)
        found = {std::min(found.left, double(x)), std::min(found.top, double(y)),
                 std::max(found.right, x + 1.0), std::max(found.bottom, y + 1.0)};
  return {found.left / width, found.top / height, found.right / width, found.bottom / height};
}

TEST_CASE("a list without boxes") {
  const pictures_folder folder;
  const fs::path list = folder.path / "some.csv";
  const auto store_some = [&](const std::string &text) { store(list, {text.begin(), text.end()}); };
  store_some("class,file\nring,b.png\nblock,a.png\n");
  const auto set = vggen::open_list(list);
  CHECK(set->size() == 2);
  CHECK(set->class_names() == std::vector<std::string>{"block", "ring"});
  CHECK(set->label(0) == 1);
  CHECK(set->name(1) == (folder.path / "a.png").string());
  CHECK(!set->find_box(0));
  CHECK(set->read(0).width == 8);
  // a box has four edges
  store_some("class,file,left\nring,b.png,1\n");
  check_error([&] { return vggen::open_list(list); }, error_code::corrupt_file,
              "some.csv:1: found no column \"top\"");
  store_some("file\nb.png\n");
  check_error([&] { return vggen::open_list(list); }, error_code::corrupt_file,
              "found no column \"class\", expected one each of file, class");
}

TEST_CASE("a list of boxes") {
  const pictures_folder folder;
  store_list(folder.path, "\xef\xbb\xbf"
                          "note,class, left,top,right,bottom,file\r\n"
                          "x,ring,1,2,5.5,6,b.png\r\n"
                          "\n"
                          ",block,0,0,8,6, a.png");
  const auto set = vggen::open_boxes(folder.path);
  CHECK(set->class_names() == std::vector<std::string>{"block", "ring"});
  REQUIRE(set->size() == 2);
  CHECK(set->label(0) == 1);
  CHECK(set->label(1) == 0);
  CHECK(set->find_box(0) == box{1, 2, 5.5, 6});
  CHECK(set->find_box(1) == box{0, 0, 8, 6});
  CHECK(set->name(0) == (folder.path / "b.png").string());
  CHECK(set->read(0).pixels == some_image(6, 8).pixels);
  CHECK(vggen::subset(set, {1}).find_box(0) == box{0, 0, 8, 6});
  CHECK(!some_dataset(1, {1, 2, 2})->find_box(0));

  const auto given = vggen::open_boxes(folder.path, {"ring", "disc", "block"});
  CHECK(given->label(0) == 0);
  CHECK(given->label(1) == 2);
}

TEST_CASE("wrong lists are refused, with the line") {
  const pictures_folder folder;
  const std::string list = (folder.path / vggen::boxes_file_name).string();
  const auto open = [&] { return vggen::open_boxes(folder.path, {"ring", "block"}); };
  check_error(open, error_code::cannot_open, list);
  const std::string header = "file,class,left,top,right,bottom\n", good = "a.png,ring,1,2,5,6\n";
  const auto wrong = [&](const std::string &text, const std::string &message) {
    store_list(folder.path, text);
    check_error(open, error_code::corrupt_file, list + message);
  };
  wrong("", ":1: found no column \"file\", expected one each of");
  wrong("file,class,left,top,right\n" + good, ":1: found no column \"bottom\"");
  wrong("file,class,left,top,left,right,bottom\n", ":1: found more than one column \"left\"");
  wrong(header, ": found no picture in it");
  wrong(header + good + "b.png,ring,1,2,5\n", ":3: found 5 fields, expected 6");
  wrong(header + "b.png,ring,1,2,5,6,7\n", ":2: found 7 fields, expected 6");
  wrong(header + "\n" + "b.png,,1,2,5,6\n", ":3: found nothing for class");
  for (const char *number : {"x", "1e999", "nan", "inf", "1.5.2", "0x10", "1 2", "+1"})
    wrong(header + "b.png,ring," + number + ",2,5,6\n",
          std::string(":2: left: found \"") + number + "\", expected a number of pixels");
  wrong(header + "b.png,ring,1,2,1,6\n",
        ":2: found a box from 1, 2 to 1, 6, expected left before right and top before bottom");
  wrong(header + "b.png,ring,1,6,5,2\n", ":2: found a box from 1, 6 to 5, 2, expected left before");
  wrong(header + "b.png,ring,-1,2,5,6\n", ":2: found a box from -1, 2 to 5, 6, expected one in the picture");
  wrong(header + "b.png,disc,1,2,5,6\n", ":2: found the class \"disc\", which the training part has not");
  wrong(header + "c.png,ring,1,2,5,6\n", ":2: found no picture");
  wrong(header + ".,ring,1,2,5,6\n", ":2: found no picture");
  wrong(header + good + good, ":3: found \"a.png\" again, expected each picture once");
  wrong(header + "b.png,ri\tng,1,2,5,6\n", ":2: found");
  for (const char *place : {"1,2,8.5,6", "1,2,5,7"}) { // what only the picture shows
    store_list(folder.path, header + good + "b.png,ring," + place + "\n");
    const auto set = open();
    CHECK(set->read(0).width == 8);
    check_error([&] { return set->read(1); }, error_code::corrupt_file,
                list + ":3: found a box from 1, 2 to ");
  }
}

TEST_CASE("a view says where the box is that it shows") {
  const vggen::picture_extent extent{3, 32, 40};
  int seen_at_all = 0;
  for (const auto &[height, width] : {std::pair{32, 40}, {64, 80}, {90, 70}, {50, 120}}) {
    const box place{width * 0.3, height * 0.45, width * 0.6, height * 0.7};
    const box pixels{std::round(place.left), std::round(place.top), std::round(place.right),
                     std::round(place.bottom)};
    const vggen::image picture = drawn(height, width, pixels);
    const auto check_view = [&](const bytes &seen, const vggen::picture_view &view) {
      const box expected = vggen::seen_box(pixels, view);
      if (expected.is_empty() || (expected.right - expected.left) * extent.width < 2 ||
          (expected.bottom - expected.top) * extent.height < 2)
        return; // nothing, or too little to be bright
      ++seen_at_all;
      const box found = bright_part(seen, extent.height, extent.width);
      CHECK(std::abs(found.left - expected.left) * extent.width <= 0.75);
      CHECK(std::abs(found.right - expected.right) * extent.width <= 0.75);
      CHECK(std::abs(found.top - expected.top) * extent.height <= 0.75);
      CHECK(std::abs(found.bottom - expected.bottom) * extent.height <= 0.75);
    };
    for (const vggen::augmentation &how : {vggen::augmentation{},
                                           {.flip = true},
                                           {.crop_padding = 6, .flip = true},
                                           {.flip = true, .scale_low = 40, .scale_high = 70},
                                           {.crop_padding = 3, .scale_low = 45, .scale_high = 45}})
      for (std::uint32_t index = 0; index < 20; ++index) {
        bytes out(extent.bytes());
        const auto view = vggen::augment(picture, how, extent, 7, 1, index, out);
        check_view(out, view);
      }
    for (const int side : {0, 40, 57}) {
      bytes out(extent.bytes());
      const auto view = vggen::evaluation_view(picture, {.smaller_side = side}, extent, out);
      check_view(out, view);
    }
  }
  CHECK(seen_at_all > 300);
}

TEST_CASE("a loader hands out boxes with their pictures") {
  const temporary_folder folder;
  std::string list = "file,class,left,top,right,bottom\n";
  constexpr int count = 10, side = 16;
  std::vector<box> boxes;
  for (int i = 0; i < count; ++i) {
    const box place{i % 3 * 4.0, i % 4 * 3.0, i % 3 * 4 + 6.0, i % 4 * 3 + 5.0};
    boxes.push_back(place);
    const std::string name = std::to_string(i) + ".png";
    vggen::write_png(folder.path / name, drawn(side, side, place));
    list += name + ",c" + std::to_string(i % 2) + "," + std::to_string(int(place.left)) + "," +
            std::to_string(int(place.top)) + "," + std::to_string(int(place.right)) + "," +
            std::to_string(int(place.bottom)) + "\n";
  }
  store_list(folder.path, list);
  const auto set = vggen::open_boxes(folder.path);
  const auto target_of = [](const vggen::batch &b, std::size_t at) {
    return vggen::from_numbers(b.targets.subspan(at * 4).first<4>());
  };

  vggen::loader plain(set, {.extent = {3, side, side}, .batch_size = 4, .threads = 2});
  plain.begin_epoch(0);
  for (std::size_t first = 0; first < 12; first += 4) {
    const vggen::batch &b = plain.next();
    REQUIRE(b.targets.size() == 16);
    CHECK(vggen::targets_of(b).data() == b.targets.data());
    for (std::size_t i = 0; i < 4; ++i) {
      const box expected = first + i < count ? boxes[first + i] : box{};
      const box found = target_of(b, i);
      CHECK(found.left * side == expected.left);
      CHECK(found.bottom * side == expected.bottom);
    }
  }

  // far beside its middle most pictures show nothing of their boxes
  vggen::loader random(set, {.extent = {3, side, side},
                             .batch_size = count,
                             .seed = 3,
                             .shuffle = true,
                             .view = vggen::augmentation{.crop_padding = 12, .flip = true},
                             .threads = 2});
  int left_out = 0, shown = 0;
  for (std::uint64_t epoch = 0; epoch < 10; ++epoch) {
    random.begin_epoch(epoch);
    const vggen::batch &b = random.next();
    CHECK(b.count == count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto seen = b.images.subspan(i * side * side * 3, side * side * 3);
      const bool bright = std::ranges::any_of(seen, [](std::uint8_t v) { return v > 0; });
      CHECK((b.labels[i] >= 0) == bright);
      left_out += bright ? 0 : 1;
      if (!bright) continue;
      ++shown;
      const box expected = bright_part({seen.begin(), seen.end()}, side, side), found = target_of(b, i);
      CHECK(found.left == doctest::Approx(expected.left));
      CHECK(found.right == doctest::Approx(expected.right));
      CHECK(found.top == doctest::Approx(expected.top));
      CHECK(found.bottom == doctest::Approx(expected.bottom));
    }
  }
  CHECK(left_out > 10);
  CHECK(shown > 10);
  vggen::loader without(some_dataset(2, {1, 2, 2}), {.extent = {1, 2, 2}, .batch_size = 2});
  without.begin_epoch(0);
  CHECK(without.next().targets.empty());
}

} // namespace
