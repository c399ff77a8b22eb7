// What the tests of data sets share: folders of their own, files of given bytes, errors looked at, small
// pictures.
#pragma once

#include <vggen/data/dataset.hpp>
#include <vggen/data/memory_dataset.hpp>
#include <vggen/io/error.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace support {

namespace fs = std::filesystem;
using bytes = std::vector<std::uint8_t>;

// A folder of this test's own, gone when the test is over.
struct temporary_folder {
  fs::path path = fs::temp_directory_path() / ("vggen_data_sets_test_" + std::to_string(getpid()));
  temporary_folder() { fs::create_directories(path); }
  ~temporary_folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  temporary_folder(const temporary_folder &) = delete;
  temporary_folder &operator=(const temporary_folder &) = delete;
};

inline void store(const fs::path &path, const bytes &content) {
  fs::create_directories(path.parent_path());
  std::ofstream stream(path, std::ios::binary);
  stream.write(reinterpret_cast<const char *>(content.data()), static_cast<std::streamsize>(content.size()));
  REQUIRE_MESSAGE(stream.flush().good(), path.string());
}

// Checks that `work` throws a vggen::error of this code whose message holds `part`.
template <class Work> void check_error(Work work, vggen::error_code code, const std::string &part) {
  INFO("expected: " << part);
  try {
    static_cast<void>(work());
    FAIL_CHECK("nothing was thrown");
  } catch (const vggen::error &problem) {
    const std::string message = problem.what();
    INFO("found: " << message);
    CHECK(problem.code() == code);
    CHECK(message.find(part) != std::string::npos);
  }
}

// Some bytes that repeat only after long.
inline bytes some_bytes(std::size_t count, std::uint32_t seed = 1) {
  bytes result(count);
  std::uint32_t state = seed * 2654435761U + 1;
  for (std::uint8_t &value : result) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<std::uint8_t>(state >> 24);
  }
  return result;
}

inline vggen::image some_image(int height, int width, std::uint32_t seed = 1) {
  return {height, width,
          some_bytes(static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * 3, seed)};
}

// `count` pictures of random bytes; picture i has the label i % classes.
inline std::shared_ptr<const vggen::dataset> some_dataset(int count, vggen::picture_extent extent,
                                                          int classes = 10) {
  std::vector<int> labels;
  for (int i = 0; i < count; ++i)
    labels.push_back(i % classes);
  return std::make_shared<const vggen::memory_dataset>(
      extent, some_bytes(extent.bytes() * static_cast<std::size_t>(count)), labels,
      vggen::numbered_classes(classes));
}

} // namespace support
