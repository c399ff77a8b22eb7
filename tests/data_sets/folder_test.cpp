// folder_dataset over small folders of real pictures and of what lies about beside them.
#include "support.hpp"

#include <vggen/data/folder.hpp>
#include <vggen/io/write_png.hpp>

namespace {

using namespace support;
using vggen::error_code;

const fs::path jpeg = fs::path(VGGEN_TEST_DATA) / "images" / "rgb_444.jpg";

void store_picture(const fs::path &path, std::uint32_t seed) {
  fs::create_directories(path.parent_path());
  vggen::write_png(path, some_image(4, 5, seed));
}

TEST_CASE("classes are sorted folders, pictures are sorted files") {
  const temporary_folder folder;
  store_picture(folder.path / "dog" / "b.png", 1);
  store_picture(folder.path / "dog" / "a.PNG", 2);
  store_picture(folder.path / "cat" / "images" / "z.png", 3); // as Tiny ImageNet has it
  store_picture(folder.path / "Zebra" / "one.png", 4);
  fs::copy_file(jpeg, folder.path / "Zebra" / "two.JPEG");
  store(folder.path / "Zebra" / "notes.txt", {1, 2, 3});
  store(folder.path / "Zebra" / "png", {1, 2, 3});
  store(folder.path / "README", {1});
  store(folder.path / ".hidden" / "x.txt", {1});
  store(folder.path / "dog" / ".thumbnail.png", {1});
  fs::create_directory_symlink(folder.path, folder.path / "cat" / "circle");

  const auto set = vggen::open_folder(folder.path);
  CHECK(set->class_names() == std::vector<std::string>{"Zebra", "cat", "dog"});
  REQUIRE(set->size() == 5);
  CHECK(set->skipped_files() == 3);
  const std::vector<std::string> names{"Zebra/one.png", "Zebra/two.JPEG", "cat/images/z.png", "dog/a.PNG",
                                       "dog/b.png"};
  const std::vector<int> labels{0, 0, 1, 2, 2};
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(set->name(static_cast<std::int64_t>(i)) == (folder.path / names[i]).string());
    CHECK(set->label(static_cast<std::int64_t>(i)) == labels[i]);
  }
  CHECK(set->read(3).pixels == some_image(4, 5, 2).pixels);
  CHECK(set->read(2).pixels == some_image(4, 5, 3).pixels);
  CHECK(set->read(1).pixels.size() > 0);
}

TEST_CASE("folders that are no data sets are refused") {
  const temporary_folder folder;
  const auto open = [&] { return vggen::open_folder(folder.path); };
  check_error(open, error_code::corrupt_file, "found no folder in it, expected one for each class");
  check_error([&] { return vggen::open_folder(folder.path / "none"); }, error_code::cannot_open,
              "No such file");
  store(folder.path / "picture.png", {1});
  check_error(open, error_code::corrupt_file, "found no folder in it");
  check_error([&] { return vggen::open_folder(folder.path / "picture.png"); }, error_code::cannot_open,
              "Not a directory");
  store_picture(folder.path / "full" / "a.png", 1);
  fs::create_directory(folder.path / "empty");
  check_error(open, error_code::corrupt_file, "empty: found 0 files and no image among them");
  store(folder.path / "empty" / "a.gif", {1});
  check_error(open, error_code::corrupt_file, "empty: found 1 files and no image among them");
  fs::rename(folder.path / "empty", folder.path / "line\nbreak");
  check_error(open, error_code::corrupt_file, "expected no control characters");
}

TEST_CASE("files that are pictures by name alone fail when they are read") {
  const temporary_folder folder;
  store(folder.path / "a" / "empty.png", {});
  store(folder.path / "a" / "text.jpg", {'h', 'e', 'l', 'l', 'o'});
  fs::create_directories(folder.path / "a");
  fs::create_symlink(folder.path / "nowhere", folder.path / "a" / "dangling.png");
  const auto set = vggen::open_folder(folder.path);
  REQUIRE(set->size() == 2); // a link to nothing is no file
  check_error([&] { static_cast<void>(set->read(0)); }, error_code::corrupt_file,
              "empty.png: found an empty file");
  check_error([&] { static_cast<void>(set->read(1)); }, error_code::unsupported,
              "text.jpg: found a file that starts");
  fs::remove(folder.path / "a" / "text.jpg");
  check_error([&] { static_cast<void>(set->read(1)); }, error_code::cannot_open, "text.jpg: cannot open");
}

} // namespace
