// CIFAR's records: the labels, a byte each, then 32 x 32 red values, 32 x 32 green ones, 32 x 32 blue ones.
#include "vggen/data/cifar.hpp"

#include "vggen/data/memory_dataset.hpp"
#include "vggen/io/error.hpp"
#include "vggen/io/labels.hpp"
#include "vggen/io/mapped_file.hpp"

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace vggen {
namespace {

constexpr std::size_t side = 32;
constexpr std::size_t plane = side * side;
constexpr std::size_t most_bytes = std::size_t{1} << 30; // of a file; the published ones have 31 MB to 154 MB

// One byte before the pixels: the number of classes that it tells apart.
using label_fields = std::vector<int>;

struct layout {
  std::vector<const char *> training;
  std::vector<const char *> test;
  const char *names;
  label_fields fields; // the last is the one that is used
};

const layout cifar10{.training = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                  "data_batch_4.bin", "data_batch_5.bin"},
                     .test = {"test_batch.bin"},
                     .names = "batches.meta.txt",
                     .fields = {10}};
const layout cifar100{.training = {"train.bin"},
                      .test = {"test.bin"},
                      .names = "fine_label_names.txt",
                      .fields = {20, 100}}; // coarse, fine

struct records {
  std::vector<std::uint8_t> pixels; // [n][y][x][c]
  std::vector<int> labels;          // [n]
};

void append_file(const std::filesystem::path &path, const label_fields &fields, records &all) {
  const mapped_file file(path);
  const std::string name = path.string();
  const std::size_t record_bytes = fields.size() + 3 * plane;
  if (file.bytes().size() > most_bytes)
    throw error(error_code::too_large, name + ": found a file of " + std::to_string(file.bytes().size()) +
                                           " bytes, expected CIFAR records of at most " +
                                           std::to_string(most_bytes));
  if (file.bytes().empty() || file.bytes().size() % record_bytes != 0)
    throw error(error_code::corrupt_file, name + ": found " + std::to_string(file.bytes().size()) +
                                              " bytes, expected records of " + std::to_string(record_bytes));
  const std::size_t count = file.bytes().size() / record_bytes;
  std::size_t out = all.pixels.size();
  all.pixels.resize(out + count * 3 * plane);
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<const std::byte> record = file.bytes().subspan(i * record_bytes, record_bytes);
    int label = 0;
    for (std::size_t field = 0; field < fields.size(); ++field) {
      label = std::to_integer<int>(record[field]);
      if (label >= fields[field])
        throw error(error_code::corrupt_file, name + ": record " + std::to_string(i) + ": found the label " +
                                                  std::to_string(label) + ", expected one of " +
                                                  std::to_string(fields[field]) + " classes, from 0 on");
    }
    all.labels.push_back(label);
    const std::span<const std::byte> planes = record.subspan(fields.size()); // [c][y][x]
    for (std::size_t p = 0; p < plane; ++p)
      for (std::size_t c = 0; c < 3; ++c)
        all.pixels[out++] = std::to_integer<std::uint8_t>(planes[c * plane + p]);
  }
}

std::shared_ptr<const dataset> open(const std::filesystem::path &folder, dataset_part part,
                                    const layout &files) {
  const bool training = part == dataset_part::training;
  try {
    records all;
    for (const char *name : training ? files.training : files.test)
      append_file(folder / name, files.fields, all);
    const int classes = files.fields.back();
    std::error_code ignored;
    const bool named = std::filesystem::exists(folder / files.names, ignored);
    return std::make_shared<memory_dataset>(
        picture_extent{3, side, side}, std::move(all.pixels), std::move(all.labels),
        named ? read_labels(folder / files.names, classes) : numbered_classes(classes),
        training ? "training image" : "test image");
  } catch (const std::bad_alloc &) {
    throw error(error_code::out_of_memory, folder.string() + ": there is not enough memory for these images");
  }
}

} // namespace

std::shared_ptr<const dataset> open_cifar10(const std::filesystem::path &folder, dataset_part part) {
  return open(folder, part, cifar10);
}

std::shared_ptr<const dataset> open_cifar100(const std::filesystem::path &folder, dataset_part part) {
  return open(folder, part, cifar100);
}

} // namespace vggen
