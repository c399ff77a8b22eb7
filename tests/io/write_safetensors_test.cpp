// write_safetensors by reading back, and against tensors that are not as they should be, sources that throw
// and disks that are full: whatever happens, the old file must stay.
#include "vggen/io/error.hpp"
#include "vggen/io/safetensors.hpp"
#include "vggen/io/write_safetensors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

namespace {

using vggen::element_type;
using vggen::error_code;
using vggen::tensor_source;
namespace fs = std::filesystem;
using extents = std::vector<std::int64_t>;

// A folder of this test's own, gone when the test is over.
struct temporary_folder {
  fs::path path = fs::temp_directory_path() / ("vggen_write_safetensors_test_" + std::to_string(getpid()));
  temporary_folder() { fs::create_directories(path); }
  ~temporary_folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  temporary_folder(const temporary_folder &) = delete;
  temporary_folder &operator=(const temporary_folder &) = delete;
};

// The system's limit on a file's size, standing in for a full disk; lifted when this object dies.
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

std::string load(const fs::path &path) {
  std::ifstream stream(path, std::ios::binary);
  REQUIRE_MESSAGE(stream.good(), path.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Bytes that live as long as the program.
template <class T, std::size_t n> auto constant(const std::array<T, n> &values) {
  return vggen::bytes_in_memory(std::as_bytes(std::span(values)));
}

constexpr std::array<float, 6> six = {1, 2, 3, 4, 5, 6};
constexpr std::array<std::uint8_t, 3> three = {7, 8, 9};
constexpr std::array<double, 1> one = {0.5};

// Writing over an existing file throws an error of this code whose message holds `part`; the file stays as
// it was, and nothing is left beside it.
void check_refused(std::vector<tensor_source> tensors, error_code code, const std::string &part,
                   const std::map<std::string, std::string> &metadata = {}) {
  INFO(part);
  const temporary_folder folder;
  const fs::path path = folder.path / "kept.safetensors";
  std::ofstream(path) << "old";
  try {
    vggen::write_safetensors(path, tensors, metadata);
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

TEST_CASE("what is written is read back, aligned") {
  const temporary_folder folder;
  const fs::path path = folder.path / "f.safetensors";
  const auto in_pieces = [](const vggen::byte_sink &sink) {
    for (const float &value : six)
      sink(std::as_bytes(std::span(&value, 1)));
    sink({});
  };
  const std::vector<tensor_source> tensors = {
      {"bytes", element_type::u8, {3}, constant(three)},
      {"pieces", element_type::f32, {3, 1, 2}, in_pieces},
      {"naïve \"name\"\n", element_type::f64, {}, constant(one)},
      {"whole", element_type::f32, {2, 3}, constant(six)},
      {"empty", element_type::i64, {5, 0}, vggen::bytes_in_memory({})},
  };
  const std::map<std::string, std::string> metadata = {{"format", "pt"}, {"ü", "\"\n"}};
  std::ofstream(path) << "old";
  vggen::write_safetensors(path, tensors, metadata);
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);

  const vggen::safetensors_file file(path);
  CHECK(file.metadata() == metadata);
  REQUIRE(file.tensors().size() == tensors.size());
  std::vector<std::string> order;
  for (const vggen::tensor_view &view : file.tensors()) {
    order.push_back(view.name);
    CHECK(reinterpret_cast<std::uintptr_t>(view.data.data()) % (vggen::element_bits(view.type) / 8) == 0);
  }
  CHECK(order == std::vector<std::string>{"naïve \"name\"\n", "empty", "pieces", "whole", "bytes"});
  CHECK(reinterpret_cast<std::uintptr_t>(file.tensors().front().data.data()) % 64 == 0);
  for (const char *name : {"pieces", "whole"})
    CHECK(std::ranges::equal(file.find(name)->data, std::as_bytes(std::span(six))));
  CHECK(std::ranges::equal(file.find("bytes")->data, std::as_bytes(std::span(three))));
  CHECK(file.find("pieces")->shape == extents{3, 1, 2});
  CHECK(file.find("empty")->shape == extents{5, 0});
  CHECK(file.find("naïve \"name\"\n")->shape.empty());
}

TEST_CASE("a file without tensors is valid, with texts of any length the data are aligned") {
  const temporary_folder folder;
  const fs::path path = folder.path / "f.safetensors";
  vggen::write_safetensors(path, {});
  CHECK(fs::file_size(path) == 64);
  CHECK(vggen::safetensors_file(path).tensors().empty());
  for (std::size_t length = 0; length <= 64; ++length) {
    const std::vector<tensor_source> tensors = {{"t", element_type::u8, {3}, constant(three)}};
    vggen::write_safetensors(path, tensors, {{"k", std::string(length, 'x')}});
    CHECK(fs::file_size(path) % 64 == 3);
    CHECK(vggen::safetensors_file(path).tensors().size() == 1);
  }
}

TEST_CASE("tensors that are not as they should be are refused") {
  const auto code = error_code::invalid_argument;
  const auto u8 = [](const std::string &name, const extents &shape) {
    return tensor_source{name, element_type::u8, shape, constant(three)};
  };
  check_refused({u8("t", {3}), u8("t", {3})}, code, "tensor \"t\": found it twice");
  check_refused({u8("__metadata__", {3})}, code, "found the name that the format reserves");
  check_refused({u8("t", {-3})}, code, "tensor \"t\": found a shape that is negative or too large");
  check_refused({u8("t", {INT64_MAX, 3})}, code, "found a shape that is negative or too large");
  check_refused({u8("t", {2})}, code, "tensor \"t\": found 3 bytes or more, expected 2");
  check_refused({u8("t", {4})}, code, "tensor \"t\": found 3 bytes, expected 4");
  check_refused({{"t", element_type::f4, {3}, constant(three)}}, code, "expected a size in whole bytes");
  check_refused({{"t", element_type::u8, {3}, nullptr}}, code, "found no function");
  check_refused({u8("\xff", {3})}, code, "not UTF-8");
  check_refused({u8("t", {3})}, code, "not UTF-8", {{"k", "\xff"}});
  check_refused({u8(std::string(100'000'000, 'n'), {3})}, error_code::too_large,
                "expected at most 100000000");
}

TEST_CASE("a source that throws leaves the old file") {
  const temporary_folder folder;
  const fs::path path = folder.path / "f.safetensors";
  std::ofstream(path) << "old";
  const std::vector<tensor_source> tensors = {{"t", element_type::u8, {6}, [](const vggen::byte_sink &sink) {
                                                 sink(std::as_bytes(std::span(three)));
                                                 throw std::runtime_error("the source failed");
                                               }}};
  CHECK_THROWS_WITH_AS(vggen::write_safetensors(path, tensors), "the source failed", std::runtime_error);
  CHECK(load(path) == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("a full disk leaves the old file, wherever it strikes") {
  constexpr std::int64_t megabyte = 1 << 20;
  const auto zeros = [](const vggen::byte_sink &sink) {
    const std::vector<std::byte> chunk(1 << 16);
    for (std::int64_t done = 0; done < megabyte; done += 1 << 16)
      sink(chunk);
  };
  // In the header, in the middle of the data, at the very last byte; small files meet it when flushed.
  for (const rlim_t room : {rlim_t{3}, rlim_t{500'000}, rlim_t{megabyte} + 127}) {
    const file_size_limit limit(room);
    check_refused({{"t", element_type::u8, {megabyte}, zeros}}, error_code::cannot_write, "File too large");
  }
  const file_size_limit limit(66); // the file would take 67
  check_refused({{"t", element_type::u8, {3}, constant(three)}}, error_code::cannot_write, "File too large");
}

TEST_CASE("targets that cannot be a file are refused and not replaced") {
  const temporary_folder folder;
  const auto failure = [](const fs::path &path) {
    try {
      vggen::write_safetensors(path, {});
    } catch (const vggen::error &problem) {
      CHECK(problem.code() == error_code::cannot_write);
      return std::string(problem.what());
    }
    return std::string("nothing was thrown");
  };
  CHECK(failure(folder.path) ==
        folder.path.string() + ": found a directory, expected a regular file to replace, or none");
  CHECK(failure("/dev/full") ==
        "/dev/full: found a special file, expected a regular file to replace, or none");
  CHECK(fs::is_character_file("/dev/full"));
  const fs::path lost = folder.path / "no" / "f.safetensors";
  CHECK(failure(lost) == lost.string() + ": cannot create a file beside it: No such file or directory");
}

} // namespace
