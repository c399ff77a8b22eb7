// read_image against Pillow's pixels for every kind of PNG and JPEG, and against files that are not as they
// should be; write_png by reading back.
#include "vggen/io/error.hpp"
#include "vggen/io/read_image.hpp"
#include "vggen/io/write_png.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

using bytes = std::vector<std::byte>;
using vggen::error_code;
namespace fs = std::filesystem;

const fs::path data = fs::path(VGGEN_TEST_DATA) / "images";

// A folder of this test's own, gone when the test is over.
struct temporary_folder {
  fs::path path = fs::temp_directory_path() / ("vggen_image_test_" + std::to_string(getpid()));
  temporary_folder() { fs::create_directories(path); }
  ~temporary_folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  temporary_folder(const temporary_folder &) = delete;
  temporary_folder &operator=(const temporary_folder &) = delete;
};

bytes load(const fs::path &path) {
  std::ifstream stream(path, std::ios::binary);
  REQUIRE_MESSAGE(stream.good(), path.string());
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  const auto *first = reinterpret_cast<const std::byte *>(text.data());
  return {first, first + text.size()};
}

int largest_difference(const std::vector<std::uint8_t> &found, const bytes &expected) {
  REQUIRE(found.size() == expected.size());
  int largest = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    largest = std::max(largest, std::abs(found[i] - std::to_integer<int>(expected[i])));
  return largest;
}

struct failure {
  error_code code;
  std::string message;
};

// What `work` throws; anything but a vggen::error passes through and fails the test.
template <class Work> std::optional<failure> failure_of(Work work) {
  try {
    work();
  } catch (const vggen::error &problem) {
    return failure{problem.code(), problem.what()};
  }
  return std::nullopt;
}

std::optional<failure> failure_of_decoding(const bytes &file) {
  return failure_of([&] { static_cast<void>(vggen::decode_image(file, "name.xyz")); });
}

void check_failure(const std::optional<failure> &found, error_code code, const std::string &part,
                   const std::string &name = "name.xyz") {
  REQUIRE(found);
  INFO(found->message);
  CHECK(found->code == code);
  CHECK(found->message.find(part) != std::string::npos);
  CHECK(found->message.find(name) != std::string::npos);
  CHECK(found->message.find("expected") != std::string::npos);
}

std::size_t find_marker(const bytes &jpeg, unsigned second) {
  for (std::size_t i = 0; i + 1 < jpeg.size(); ++i)
    if (jpeg[i] == std::byte{0xff} && jpeg[i + 1] == static_cast<std::byte>(second)) return i;
  FAIL("no such marker");
  return 0;
}

// Rewrites the extents in a baseline JPEG's frame header: marker, length (2), precision, height (2), width
// (2).
bytes with_extent(bytes jpeg, unsigned extent) {
  const std::size_t frame = find_marker(jpeg, 0xc0);
  for (const std::size_t at : {frame + 5, frame + 7}) {
    jpeg[at] = static_cast<std::byte>(extent >> 8);
    jpeg[at + 1] = static_cast<std::byte>(extent & 0xff);
  }
  return jpeg;
}

} // namespace

TEST_CASE("read_image gives Pillow's pixels") {
  int files = 0;
  for (const auto &entry : fs::directory_iterator(data)) {
    const fs::path expected = entry.path().string() + ".rgb";
    if (!fs::exists(expected)) continue;
    CAPTURE(entry.path().filename().string());
    const vggen::image found = vggen::read_image(entry.path());
    // Every libjpeg-turbo gives the same pixels; another libjpeg's transform may round otherwise.
    const int tolerance = entry.path().extension() == ".jpg" ? 2 : 0;
    CHECK(largest_difference(found.pixels, load(expected)) <= tolerance);
    ++files;
  }
  CHECK(files == 45);
}

TEST_CASE("read_image gives the extents as stored, whatever EXIF says") {
  const vggen::image turned = vggen::read_image(data / "exif_turned.jpg");
  CHECK(turned.height == 19);
  CHECK(turned.width == 29);
  const vggen::image grey = vggen::read_image(data / "grey1_interlaced.png");
  CHECK(grey.height == 7);
  CHECK(grey.width == 13);
}

TEST_CASE("an image cut off anywhere is an error") {
  for (const char *name : {"one_pixel.png", "rgb8_interlaced.png", "palette4_trns.png", "grey.jpg",
                           "rgb_420.jpg", "progressive.jpg", "restart.jpg", "cmyk.jpg"}) {
    CAPTURE(name);
    const bytes whole = load(data / name);
    CHECK(!failure_of_decoding(whole));
    for (std::size_t length = 0; length < whole.size(); ++length) {
      CAPTURE(length);
      const auto start = whole.begin();
      const auto found = failure_of_decoding(bytes(start, start + static_cast<std::ptrdiff_t>(length)));
      REQUIRE(found);
      CHECK(found->code == error_code::corrupt_file);
    }
  }
  bytes photo = load(data / "photo.jpg");
  photo.resize(photo.size() / 2);
  check_failure(failure_of_decoding(photo), error_code::corrupt_file, "truncated JPEG: found 3164 bytes");
}

TEST_CASE("an image with a wrong byte is read or refused, and nothing else") {
  for (const char *name : {"one_pixel.png", "rgb8_interlaced.png", "palette4_trns.png", "grey.jpg",
                           "rgb_420.jpg", "progressive.jpg", "restart.jpg", "ycck.jpg"}) {
    CAPTURE(name);
    bytes file = load(data / name);
    for (std::size_t at = 0; at < file.size(); ++at)
      for (const unsigned flip : {0x01u, 0x10u, 0x80u, 0xffu}) {
        CAPTURE(at);
        file[at] ^= static_cast<std::byte>(flip);
        try {
          const vggen::image read = vggen::decode_image(file, name);
          CHECK_NOTHROW(vggen::check_image(read, name));
        } catch (const vggen::error &problem) {
          CHECK(std::string(problem.what()).starts_with(name));
        }
        file[at] ^= static_cast<std::byte>(flip);
      }
  }
}

TEST_CASE("damage that libjpeg only warns of is an error") {
  bytes file = load(data / "rgb_444.jpg");
  // Ends the scan halfway through its data; the file itself is whole.
  const std::size_t scan = find_marker(file, 0xda);
  const std::size_t middle = (scan + file.size()) / 2;
  file[middle] = std::byte{0xff};
  file[middle + 1] = std::byte{0xd9};
  check_failure(failure_of_decoding(file), error_code::corrupt_file, "premature end of data");
}

TEST_CASE("bytes after the image do no harm") {
  for (const char *name : {"rgb8.png", "rgb_420.jpg"}) {
    bytes file = load(data / name);
    file.resize(file.size() + 100);
    CHECK(vggen::decode_image(file, name).pixels == vggen::read_image(data / name).pixels);
  }
}

TEST_CASE("an image too large is refused by its header") {
  check_failure(failure_of_decoding(load(data / "bad_huge.png")), error_code::too_large,
                "60000 x 60000 pixels, expected at most 178956970");
  const bytes jpeg = load(data / "rgb_420.jpg");
  check_failure(failure_of_decoding(with_extent(jpeg, 60000)), error_code::too_large,
                "60000 x 60000 pixels, expected at most 178956970");
}

TEST_CASE("a small file that promises a large image is refused by its header") {
  check_failure(failure_of_decoding(load(data / "bad_promise.png")), error_code::corrupt_file,
                "truncated PNG: found 69 bytes, expected many more for 13000 x 13000 pixels");
  const bytes jpeg = load(data / "rgb_420.jpg");
  check_failure(failure_of_decoding(with_extent(jpeg, 13000)), error_code::corrupt_file,
                "expected many more for 13000 x 13000 pixels");
}

TEST_CASE("a progressive JPEG of endlessly many scans is refused") {
  bytes file = load(data / "progressive.jpg");
  // The first scan, read again and again with the tables it was made for, gives the same coefficients.
  const auto first = file.begin() + static_cast<std::ptrdiff_t>(find_marker(file, 0xda));
  const auto end = std::adjacent_find(first + 2, file.end(), [](std::byte one, std::byte two) {
    return one == std::byte{0xff} && two != std::byte{0};
  });
  const bytes scan(first, end);
  bytes scans;
  for (int i = 0; i < 600; ++i)
    scans.insert(scans.end(), scan.begin(), scan.end());
  file.insert(end, scans.begin(), scans.end());
  check_failure(failure_of_decoding(file), error_code::too_large, "more than 500 scans");
}

TEST_CASE("a JPEG of 12 bits a channel is unsupported") {
  bytes file = load(data / "rgb_420.jpg");
  file[find_marker(file, 0xc0) + 4] = std::byte{12};
  check_failure(failure_of_decoding(file), error_code::unsupported, "precision");
}

TEST_CASE("read_image names what it found instead of an image") {
  const temporary_folder folder;
  const auto failure_of_reading = [](const fs::path &path) {
    return failure_of([&] { static_cast<void>(vggen::read_image(path)); });
  };
  const fs::path empty = folder.path / "empty.png";
  const fs::path text = folder.path / "text.png";
  const fs::path large = folder.path / "large.png";
  std::ofstream(empty).flush();
  std::ofstream(text) << "Hello, world";
  std::ofstream(large).flush();
  fs::resize_file(large, (std::uintmax_t{1} << 30) + 1); // a hole: takes no room
  check_failure(failure_of_reading(empty), error_code::corrupt_file, "empty file", empty.string());
  check_failure(failure_of_reading(text), error_code::unsupported, "starts with the bytes 48 65 6c 6c 6f",
                text.string());
  check_failure(failure_of_reading(large), error_code::too_large, "1073741825 bytes", large.string());
  check_failure(failure_of_reading(folder.path), error_code::cannot_open, "a directory",
                folder.path.string());
  check_failure(failure_of_reading("/dev/zero"), error_code::cannot_open, "a special file", "/dev/zero");
  const fs::path missing = folder.path / "missing.png";
  check_failure(failure_of_reading(missing), error_code::cannot_open, "No such file", missing.string());
}

TEST_CASE("write_png and read_image are inverse") {
  const temporary_folder folder;
  const fs::path path = folder.path / "written.png";
  vggen::image picture{5, 7, {}};
  for (int i = 0; i < 5 * 7 * 3; ++i)
    picture.pixels.push_back(static_cast<std::uint8_t>(i * 37));
  vggen::write_png(path, picture);
  const vggen::image found = vggen::read_image(path);
  CHECK(found.height == 5);
  CHECK(found.width == 7);
  CHECK(found.pixels == picture.pixels);
  const vggen::image in_memory = vggen::decode_image(vggen::encode_png(picture), "in memory");
  CHECK(in_memory.height == 5);
  CHECK(in_memory.width == 7);
  CHECK(in_memory.pixels == picture.pixels);
}

TEST_CASE("write_png refuses what is no image and reports what it cannot write") {
  const temporary_folder folder;
  const fs::path path = folder.path / "written.png";
  const auto failure_of_writing = [](const fs::path &where, const vggen::image &picture) {
    return failure_of([&] { vggen::write_png(where, picture); });
  };
  check_failure(failure_of_writing(path, {2, 2, std::vector<std::uint8_t>(11)}), error_code::invalid_argument,
                "11 values", path.string());
  check_failure(failure_of_writing(path, {0, 2, {}}), error_code::invalid_argument, "height 0",
                path.string());
  CHECK(!fs::exists(path));
  const vggen::image picture{2, 2, std::vector<std::uint8_t>(12)};
  const auto no_folder = failure_of_writing(folder.path / "none" / "x.png", picture);
  REQUIRE(no_folder);
  CHECK(no_folder->code == error_code::cannot_write);
  const auto full_disk = failure_of_writing("/dev/full", picture);
  REQUIRE(full_disk);
  CHECK(full_disk->code == error_code::cannot_write);
  CHECK(full_disk->message.find("No space left") != std::string::npos);
  CHECK(fs::exists("/dev/full"));
}
