// A folder that goes away.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include <unistd.h>

namespace vggen::test {

/// Represents a folder of one test's own, gone when the test is over.
struct temporary_folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("vggen_test_" + std::to_string(::getpid()));
  temporary_folder() { std::filesystem::create_directories(path); }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  temporary_folder(const temporary_folder &) = delete;
  temporary_folder &operator=(const temporary_folder &) = delete;
};

} // namespace vggen::test
