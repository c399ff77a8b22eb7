// What the tests of writers share: a folder that goes away, a disk that is full, whole files as strings.
#pragma once

#include "../temporary_folder.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/resource.h>

using vggen::test::temporary_folder;

/// Represents the system's limit on a file's size, standing in for a full disk; lifted when this object dies.
struct file_size_limit {
  rlimit before = {};
  explicit file_size_limit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN); // else the process ends where write() would fail
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    const rlimit limited = {bytes, before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limited) == 0);
  }
  ~file_size_limit() {
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, SIG_DFL);
  }
  file_size_limit(const file_size_limit &) = delete;
  file_size_limit &operator=(const file_size_limit &) = delete;
};

inline std::string load(const std::filesystem::path &path) {
  std::ifstream stream(path, std::ios::binary);
  REQUIRE_MESSAGE(stream.good(), path.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}
