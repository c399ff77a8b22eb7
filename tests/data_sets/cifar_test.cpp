// open_cifar10 and open_cifar100 against small files of their format, whole and damaged.
#include "support.hpp"

#include <vggen/data/cifar.hpp>

namespace {

using namespace support;
using vggen::dataset_part;
using vggen::error_code;

// `count` records with these label bytes first.
bytes records(int count, const bytes &labels, std::uint32_t seed) {
  bytes file;
  for (int i = 0; i < count; ++i) {
    file.insert(file.end(), labels.begin(), labels.end());
    const bytes planes = some_bytes(3072, seed + static_cast<std::uint32_t>(i));
    file.insert(file.end(), planes.begin(), planes.end());
  }
  return file;
}

void store_cifar10(const fs::path &folder) {
  for (std::uint8_t i = 1; i <= 5; ++i)
    store(folder / ("data_batch_" + std::to_string(i) + ".bin"), records(2, {i}, i * 10U));
}

void check_refused(const bytes &file, error_code code, const std::string &part) {
  const temporary_folder folder;
  store(folder.path / "test_batch.bin", file);
  check_error([&] { return vggen::open_cifar10(folder.path, dataset_part::test); }, code, part);
}

TEST_CASE("CIFAR-10: five files in a row, planes become pixels") {
  const temporary_folder folder;
  store_cifar10(folder.path);
  const auto set = vggen::open_cifar10(folder.path, dataset_part::training);
  REQUIRE(set->size() == 10);
  CHECK(set->class_names().size() == 10);
  CHECK(set->class_names()[9] == "9");
  for (std::int64_t i = 0; i < 10; ++i) {
    CAPTURE(i);
    CHECK(set->label(i) == i / 2 + 1);
    const vggen::image picture = set->read(i);
    REQUIRE(picture.height == 32);
    REQUIRE(picture.width == 32);
    const bytes planes = some_bytes(3072, static_cast<std::uint32_t>((i / 2 + 1) * 10 + i % 2)); // [c][y][x]
    bool equal = true;
    for (std::size_t p = 0; p < 1024; ++p)
      for (std::size_t c = 0; c < 3; ++c)
        equal = equal && picture.pixels[3 * p + c] == planes[1024 * c + p];
    CHECK(equal);
  }
  store(folder.path / "batches.meta.txt", {});
  check_error([&] { return vggen::open_cifar10(folder.path, dataset_part::training); }, error_code::mismatch,
              "found 0 class names");
  std::ofstream(folder.path / "batches.meta.txt")
      << "airplane\nb\nc\nd\ne\nf\ng\nh\ni\ntruck\n\n"; // as published
  CHECK(vggen::open_cifar10(folder.path, dataset_part::training)->class_names()[9] == "truck");
  fs::remove(folder.path / "data_batch_4.bin");
  check_error([&] { return vggen::open_cifar10(folder.path, dataset_part::training); },
              error_code::cannot_open, "data_batch_4.bin");
}

TEST_CASE("CIFAR-100: the fine label counts, both are checked") {
  const temporary_folder folder;
  store(folder.path / "test.bin", records(3, {19, 99}, 5));
  const auto set = vggen::open_cifar100(folder.path, dataset_part::test);
  REQUIRE(set->size() == 3);
  CHECK(set->label(2) == 99);
  CHECK(set->class_names().size() == 100);
  CHECK(set->read(1).pixels[0] == some_bytes(1, 6)[0]);
  CHECK(set->name(2) == "test image 2");
  store(folder.path / "train.bin", records(1, {20, 5}, 5));
  check_error([&] { return vggen::open_cifar100(folder.path, dataset_part::training); },
              error_code::corrupt_file, "record 0: found the label 20, expected one of 20 classes");
  store(folder.path / "train.bin", records(1, {0, 100}, 5));
  check_error([&] { return vggen::open_cifar100(folder.path, dataset_part::training); },
              error_code::corrupt_file, "record 0: found the label 100, expected one of 100 classes");
}

TEST_CASE("files that are not whole records, or whose labels are no classes, are refused") {
  const bytes two = records(2, {3}, 1);
  check_refused({}, error_code::corrupt_file, "found 0 bytes, expected records of 3073");
  check_refused(bytes(two.begin(), two.end() - 1), error_code::corrupt_file, "found 6145 bytes");
  check_refused(bytes(two.begin(), two.begin() + 1), error_code::corrupt_file, "found 1 bytes");
  bytes wrong = two;
  wrong[3073] = 10;
  check_refused(wrong, error_code::corrupt_file, "record 1: found the label 10, expected one of 10 classes");
  const temporary_folder folder;
  store(folder.path / "test_batch.bin", two);
  fs::resize_file(folder.path / "test_batch.bin", std::uintmax_t{1} << 33); // a hole behind the records
  check_error([&] { return vggen::open_cifar10(folder.path, dataset_part::test); }, error_code::too_large,
              "8589934592 bytes");
}

} // namespace
