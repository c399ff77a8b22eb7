// write_npy against the bytes that NumPy's format asks for (numpy.load reads them back equal: checked by
// hand with NumPy 2.4), and against shapes and disks that do not fit.
#include "vggen/io/error.hpp"
#include "vggen/io/npy.hpp"

#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

namespace {

using vggen::error_code;
namespace fs = std::filesystem;
using extents = std::vector<std::int64_t>;

// A folder of this test's own, gone when the test is over.
struct temporary_folder {
  fs::path path = fs::temp_directory_path() / ("vggen_npy_test_" + std::to_string(getpid()));
  temporary_folder() { fs::create_directories(path); }
  ~temporary_folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  temporary_folder(const temporary_folder &) = delete;
  temporary_folder &operator=(const temporary_folder &) = delete;
};

std::string load(const fs::path &path) {
  std::ifstream stream(path, std::ios::binary);
  REQUIRE_MESSAGE(stream.good(), path.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

constexpr std::array<float, 6> six = {1, 2, 3, 4, 5, 6};

std::string npy_of(std::span<const float> values, const extents &shape) {
  const temporary_folder folder;
  vggen::write_npy(folder.path / "a.npy", values, shape);
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
  return load(folder.path / "a.npy");
}

// Writing over an existing file throws an error of this code whose message holds `part`, and leaves the file.
void check_refused(const extents &shape, error_code code, const std::string &part) {
  INFO(part);
  const temporary_folder folder;
  const fs::path path = folder.path / "kept.npy";
  std::ofstream(path) << "old";
  try {
    vggen::write_npy(path, six, shape);
    FAIL_CHECK("nothing was thrown");
  } catch (const vggen::error &problem) {
    const std::string message = problem.what();
    INFO(message);
    CHECK(problem.code() == code);
    CHECK(message.starts_with(path.string() + ": "));
    CHECK(message.find(part) != std::string::npos);
  }
  CHECK(load(path) == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("an npy file is a header of 64-byte multiples and the elements") {
  const std::string file = npy_of(six, {2, 3});
  REQUIRE(file.size() == 128 + sizeof six);
  const std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, ), }";
  const std::string start = std::string("\x93NUMPY\x01\x00\x76\x00", 10) + dictionary; // 0x76 = 128 - 10
  CHECK(file.starts_with(start));
  CHECK(file.substr(start.size(), 128 - start.size()) == std::string(127 - start.size(), ' ') + "\n");
  CHECK(file.substr(128) == std::string(reinterpret_cast<const char *>(six.data()), sizeof six));
}

TEST_CASE("shapes of any rank are written as Python tuples") {
  CHECK(npy_of(six, {6}).find("'shape': (6, )") != std::string::npos);
  CHECK(npy_of(std::span(six).first(1), {}).find("'shape': ()") != std::string::npos);
  CHECK(npy_of({}, {2, 0}).size() == 128);
  extents deep(32, 1);
  deep.back() = 6;
  CHECK(npy_of(six, deep).size() % 64 == sizeof six);
}

TEST_CASE("shapes that do not fit the values are refused") {
  check_refused({2, 2}, error_code::invalid_argument, "found the shape (2, 2, ), expected one of 6 elements");
  check_refused({-2, -3}, error_code::invalid_argument, "found the shape (-2, -3, ), expected one of 6");
  check_refused({INT64_MAX, 6}, error_code::invalid_argument, "expected one of 6 elements");
  check_refused({}, error_code::invalid_argument, "found the shape (), expected one of 6 elements");
  check_refused(extents(33, 1), error_code::invalid_argument, "found 33 dimensions, expected at most 32");
}

TEST_CASE("a full disk leaves the old file") {
  std::signal(SIGXFSZ, SIG_IGN); // else the process ends where write() would fail
  rlimit before = {};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit limited = {140, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &limited) == 0);
  check_refused({2, 3}, error_code::cannot_write, "File too large");
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_DFL);
}

} // namespace
