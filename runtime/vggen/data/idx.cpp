// IDX: four bytes that say how many dimensions, their extents as big-endian 32-bit numbers, the elements.
#include "vggen/data/idx.hpp"

#include "vggen/data/byte_reader.hpp"
#include "vggen/data/memory_dataset.hpp"
#include "vggen/io/error.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <system_error>
#include <utility>

namespace vggen {
namespace {

constexpr std::uint64_t largest_side = 4096;
constexpr std::uint64_t most_bytes = std::uint64_t{4} << 30;

// [dimension]; the file goes on with the elements.
std::vector<std::uint64_t> read_extents(detail::byte_reader &file, std::size_t dimensions) {
  const std::vector<std::uint8_t> header = file.read(4 + 4 * dimensions, "its header");
  const auto number = [&](std::size_t at) {
    return std::uint64_t{header[at]} << 24U | std::uint64_t{header[at + 1]} << 16U |
           std::uint64_t{header[at + 2]} << 8U | std::uint64_t{header[at + 3]};
  };
  const std::uint64_t magic = 0x0800 + dimensions; // 08: unsigned bytes
  if (number(0) != magic) {
    char text[64];
    std::snprintf(text, sizeof text, "%08llx, expected %08llx", static_cast<unsigned long long>(number(0)),
                  static_cast<unsigned long long>(magic));
    throw error(error_code::unsupported, file.name() + ": found a file that starts with " + text +
                                             ", IDX bytes of " + std::to_string(dimensions) +
                                             (dimensions == 1 ? " dimension" : " dimensions"));
  }
  std::vector<std::uint64_t> extents;
  extents.reserve(dimensions);
  for (std::size_t i = 0; i < dimensions; ++i)
    extents.push_back(number(4 + 4 * i));
  return extents;
}

std::filesystem::path find_file(const std::filesystem::path &folder, const std::string &name) {
  std::filesystem::path plain = folder / name;
  std::filesystem::path compressed = folder / (name + ".gz");
  std::error_code ignored;
  if (std::filesystem::exists(plain, ignored)) return plain;
  if (std::filesystem::exists(compressed, ignored)) return compressed;
  throw error(error_code::cannot_open,
              folder.string() + ": found neither " + name + " nor " + name + ".gz, expected one of them");
}

struct pictures {
  picture_extent extent;
  std::vector<std::uint8_t> pixels; // [n][y][x]
};

pictures read_pictures(const std::filesystem::path &path) {
  detail::byte_reader file(path);
  const std::vector<std::uint64_t> extents = read_extents(file, 3); // [n, y, x]
  const std::uint64_t count = extents[0];
  const std::uint64_t height = extents[1];
  const std::uint64_t width = extents[2];
  const std::string described =
      std::to_string(count) + " images of " + std::to_string(height) + " x " + std::to_string(width);
  if (count == 0 || height == 0 || width == 0)
    throw error(error_code::corrupt_file,
                file.name() + ": found " + described + ", expected at least one pixel");
  // Below 2^32 * 2^12 * 2^12, so the product does not overflow.
  if (height > largest_side || width > largest_side || count * height * width > most_bytes)
    throw error(error_code::too_large, file.name() + ": found " + described + ", expected sides of at most " +
                                           std::to_string(largest_side) + " and at most " +
                                           std::to_string(most_bytes) + " bytes in all");
  pictures result{{1, static_cast<int>(height), static_cast<int>(width)},
                  file.read(count * height * width, described.c_str())};
  file.expect_end(described);
  return result;
}

std::vector<std::uint8_t> read_label_bytes(const std::filesystem::path &path, std::size_t count,
                                           std::size_t classes) {
  detail::byte_reader file(path);
  const std::uint64_t found = read_extents(file, 1)[0];
  if (found != count)
    throw error(error_code::mismatch, file.name() + ": found " + std::to_string(found) +
                                          " labels, expected " + std::to_string(count) +
                                          ", one for each image");
  const std::string described = std::to_string(found) + " labels";
  std::vector<std::uint8_t> labels = file.read(found, described.c_str());
  file.expect_end(described);
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] >= classes)
      throw error(error_code::corrupt_file, file.name() + ": label " + std::to_string(i) + ": found " +
                                                std::to_string(labels[i]) + ", expected one of " +
                                                std::to_string(classes) + " classes, from 0 on");
  return labels;
}

} // namespace

std::shared_ptr<const dataset> open_idx(const std::filesystem::path &folder, dataset_part part,
                                        std::vector<std::string> class_names) {
  const bool training = part == dataset_part::training;
  const std::string prefix = training ? "train" : "t10k";
  if (class_names.empty()) class_names = numbered_classes(10);
  const std::filesystem::path image_file = find_file(folder, prefix + "-images-idx3-ubyte");
  const std::filesystem::path label_file = find_file(folder, prefix + "-labels-idx1-ubyte");
  pictures all = read_pictures(image_file);
  const std::vector<std::uint8_t> labels =
      read_label_bytes(label_file, all.pixels.size() / all.extent.bytes(), class_names.size());
  return std::make_shared<memory_dataset>(all.extent, std::move(all.pixels),
                                          std::vector<int>(labels.begin(), labels.end()),
                                          std::move(class_names), training ? "training image" : "test image");
}

std::vector<std::string> fashion_mnist_classes() {
  return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
          "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
}

} // namespace vggen
