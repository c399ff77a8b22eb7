// safetensors_file against a file of the reference library, and against every way to break the format.
#include "vggen/io/error.hpp"
#include "vggen/io/safetensors.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

using vggen::element_type;
using vggen::error_code;
using vggen::safetensors_file;
namespace fs = std::filesystem;
using extents = std::vector<std::int64_t>;

// A folder of this test's own, gone when the test is over.
struct temporary_folder {
  fs::path path = fs::temp_directory_path() / ("vggen_safetensors_test_" + std::to_string(getpid()));
  temporary_folder() { fs::create_directories(path); }
  ~temporary_folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  temporary_folder(const temporary_folder &) = delete;
  temporary_folder &operator=(const temporary_folder &) = delete;
};

void store(const fs::path &path, const std::string &content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::string length_text(std::uint64_t length) {
  std::string text(sizeof length, '\0');
  std::memcpy(text.data(), &length, sizeof length);
  return text;
}

std::string file_of(const std::string &header, std::size_t data_bytes) {
  return length_text(header.size()) + header + std::string(data_bytes, 'x');
}

// Reading throws an error of this code, with a message of one line that names the file and holds `part`.
void check_refused(const fs::path &path, error_code code, const std::string &part) {
  INFO(part);
  try {
    const safetensors_file file(path);
    FAIL_CHECK("nothing was thrown");
  } catch (const vggen::error &problem) {
    const std::string message = problem.what();
    INFO(message);
    CHECK(problem.code() == code);
    CHECK(message.starts_with(path.string() + ": "));
    CHECK(message.find(part) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    CHECK(message.size() < 1000);
  }
}

template <class T> std::vector<T> values_of(const safetensors_file &file, std::string_view name) {
  const vggen::tensor_view *tensor = file.find(name);
  REQUIRE(tensor != nullptr);
  std::vector<T> values(tensor->data.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), tensor->data.data(), values.size() * sizeof(T));
  return values;
}

// 12 bytes of data in three tensors, one of them empty, and a text.
const std::string small_header = R"({"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],)"
                                 R"("data_offsets":[0,8]},"b":{"dtype":"I16","shape":[1,2],)"
                                 R"("data_offsets":[8,12]},"c":{"dtype":"U8","shape":[0],)"
                                 R"("data_offsets":[12,12]}}  )";
constexpr std::size_t small_data = 12;

TEST_CASE("a file of the reference library is read as it was meant") {
  const safetensors_file file(fs::path(VGGEN_TEST_DATA) / "safetensors" / "from_wheel.safetensors");
  CHECK(file.tensors().size() == 14);
  CHECK(file.metadata().size() == 1);
  CHECK(file.metadata().at("note") == "ünïcode and \"quotes\"");
  CHECK(values_of<float>(file, "conv.weight") ==
        std::vector<float>{0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75});
  CHECK(values_of<float>(file, "conv.bias") == std::vector<float>{-1.5, 2.5});
  CHECK(values_of<double>(file, "double") == std::vector<double>{1.0 / 3});
  CHECK(values_of<std::uint16_t>(file, "half") == std::vector<std::uint16_t>{0x3800, 0xc000, 0x7bff});
  CHECK(values_of<std::uint16_t>(file, "brain") == std::vector<std::uint16_t>{0x3f80, 0xc020});
  CHECK(values_of<std::int64_t>(file, "long") == std::vector<std::int64_t>{INT64_MIN, INT64_MAX});
  CHECK(values_of<std::int32_t>(file, "int") == std::vector<std::int32_t>{-7});
  CHECK(values_of<std::int16_t>(file, "short") == std::vector<std::int16_t>{-300, 300});
  CHECK(values_of<std::int8_t>(file, "signed byte") == std::vector<std::int8_t>{-128, 127});
  CHECK(values_of<std::uint8_t>(file, "byte") == std::vector<std::uint8_t>{0, 255});
  CHECK(values_of<std::uint8_t>(file, "flags") == std::vector<std::uint8_t>{1, 0, 1});
  CHECK(values_of<float>(file, "scalar") == std::vector<float>{42});
  CHECK(values_of<float>(file, "empty").empty());
  CHECK(values_of<std::uint8_t>(file, "naïve \"name\"\n") == std::vector<std::uint8_t>{1});
  CHECK(file.find("conv.weight")->shape == extents{2, 1, 3, 2});
  CHECK(file.find("scalar")->shape.empty());
  CHECK(file.find("empty")->shape == extents{0, 3});
  CHECK(file.find("brain")->type == element_type::bf16);
  CHECK(file.find("flags")->type == element_type::boolean);
  CHECK(file.find("half")->type == element_type::f16);
  CHECK(file.find("conv") == nullptr);
  CHECK(file.find("zzz") == nullptr);
}

TEST_CASE("tensors stay where they are when the file object moves") {
  const temporary_folder folder;
  store(folder.path / "f", file_of(small_header, small_data));
  safetensors_file first(folder.path / "f");
  const std::byte *data = first.find("b")->data.data();
  const safetensors_file second = std::move(first);
  CHECK(second.find("b")->data.data() == data);
  CHECK(*data == std::byte{'x'});
  CHECK(second.tensors().front().name == "a");
}

// The header of one tensor "t", with `properties`.
std::string tensor(const std::string &properties) { return R"({"t":{)" + properties + "}}"; }

std::string tensor(const std::string &dtype, const std::string &shape, const std::string &offsets) {
  return tensor(R"("dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets);
}

TEST_CASE("every rule of the format is checked") {
  const std::string u8 = R"({"dtype":"U8","shape":[4],"data_offsets":)";
  const std::string good = u8 + "[0,4]}";
  struct violation {
    std::string header;
    std::string message;
    std::size_t data_bytes = 4;
    error_code code = error_code::corrupt_file;
  };
  const std::vector<violation> violations = {
      {"", "starts with \"\", expected '{'"},
      {" {}", "starts with \" \", expected '{'"},
      {"[]", "starts with \"[\", expected '{'"},
      {"{", "up to byte 2 of the header, expected JSON"},
      {"{} x", "x\" up to byte 4 of the header, expected JSON"},
      {std::string("{}\0\0", 4), "found a zero byte at byte 2 of the header"},
      {"{\"\xff\":1}", "expected JSON"},
      {R"({"t":1})", "tensor \"t\": found 1, expected an object of dtype, shape and data_offsets"},
      {R"({"t":[]})", "tensor \"t\": found an array, expected an object of dtype"},
      {R"({"t":null})", "tensor \"t\": found null, expected an object of dtype"},
      {R"({"t":)" + good + R"(,"t":)" + good + "}", "tensor \"t\": found it twice"},
      {R"({"__metadata__":"x"})", "__metadata__: found the string \"x\", expected an object of strings"},
      {R"({"__metadata__":null})", "__metadata__: found null, expected an object of strings"},
      {R"({"__metadata__":{"k":1}})", "__metadata__ \"k\": found 1, expected a string"},
      {R"({"__metadata__":{"k":{}}})", "__metadata__ \"k\": found an object, expected a string"},
      {R"({"__metadata__":{"k":"a","k":"b"}})", "found the key twice"},
      {R"({"__metadata__":{},"__metadata__":{}})", "__metadata__: found it twice"},
      {tensor("\"F33\"", "[1]", "[0,4]"), "tensor \"t\": dtype: found \"F33\", expected one of BOOL, F4", 4,
       error_code::unsupported},
      {tensor("32", "[1]", "[0,4]"), "dtype: found 32, expected the name of a type"},
      {tensor("\"F32\"", "1", "[0,4]"), "shape: found 1, expected an array of non-negative integers"},
      {tensor("\"F32\"", "[-1]", "[0,4]"), "shape: found -1, expected a non-negative integer"},
      {tensor("\"F32\"", "[1.0]", "[0,4]"), "shape: found \"1.0\", expected a non-negative integer"},
      {tensor("\"F32\"", "[true]", "[0,4]"), "shape: found true, expected a non-negative integer"},
      {tensor("\"F32\"", "[[1]]", "[0,4]"), "shape: found an array, expected a non-negative integer"},
      {tensor("\"F32\"", "[9223372036854775808]", "[0,4]"), "shape: found 9223372036854775808, expected"},
      {tensor("\"F32\"", "[99999999999999999999]", "[0,4]"), "shape: found \"99999999999999999999\""},
      {tensor("\"F32\"", "[4294967296,4294967296]", "[0,4]"),
       "F32 [4294967296, 4294967296], expected a size"},
      {tensor("\"F32\"", "[4611686018427387905]", "[0,4]"), "expected a size in whole bytes that fits 64"},
      {tensor("\"F4\"", "[7]", "[0,4]"), "found F4 [7], expected a size in whole bytes"},
      {tensor("\"F32\"", "[1]", "{}"), "data_offsets: found an object, expected an array of two"},
      {tensor("\"F32\"", "[1]", "[]"), "data_offsets: found none, expected two"},
      {tensor("\"F32\"", "[1]", "[4]"), "data_offsets: found only 4, expected two"},
      {tensor("\"F32\"", "[1]", "[0,4,8]"), "data_offsets: found a third, 8, expected two"},
      {tensor("\"F32\"", "[1]", "[-4,0]"), "data_offsets: found -4, expected two non-negative"},
      {tensor("\"F32\"", "[1]", "[4,0]"), "found data_offsets [4, 0], expected the first not to exceed"},
      {tensor("\"F32\"", "[1]", "[0,8]"), "[0, 8], expected at most the 4 bytes of data"},
      {tensor("\"F32\"", "[1]", "[0,18446744073709551615]"), "expected at most the 4 bytes of data"},
      {tensor("\"F32\"", "[1]", "[0,2]"), "which is 2 bytes, expected 4 for F32 [1]"},
      {tensor("\"F32\"", "[1]", "[1,4]"), "which is 3 bytes, expected 4 for F32 [1]"},
      {tensor("\"F32\"", "[0]", "[0,4]"), "which is 4 bytes, expected 0 for F32 [0]"},
      {tensor(R"("shape":[4],"data_offsets":[0,4])"), "tensor \"t\": found no dtype"},
      {tensor(R"("dtype":"U8","data_offsets":[0,4])"), "tensor \"t\": found no shape"},
      {tensor(R"("dtype":"U8","shape":[4])"), "tensor \"t\": found no data_offsets"},
      {tensor(R"("dtype":"U8","dtype":"U8")"), "tensor \"t\": dtype: found it twice"},
      {tensor(R"("shape":[],"shape":[])"), "tensor \"t\": shape: found it twice"},
      {tensor(R"("data_offsets":[0,4],"data_offsets":[0,4])"), "data_offsets: found it twice"},
      {tensor(R"("strides":[1])"), "found the property \"strides\", expected", 4, error_code::unsupported},
      {R"({"a":)" + good + R"(,"b":)" + u8 + "[2,6]}}",
       "tensor \"b\": found data from byte 2 on, expected from 4 (it overlaps", 6},
      {R"({"a":)" + good + R"(,"b":)" + good + "}",
       "tensor \"b\": found data from byte 0 on, expected from 4 (it overlaps"},
      {R"({"a":)" + good + R"(,"b":)" + u8 + "[6,10]}}",
       "tensor \"b\": found data from byte 6 on, expected from 4 (a hole", 10},
      {R"({"t":)" + u8 + "[1,5]}}", "tensor \"t\": found data from byte 1 on, expected from 0 (a hole", 5},
      {R"({"t":)" + good + "}", "found 5 bytes of data, expected the 4 that the tensors take", 5},
      {"{}", "found 4 bytes of data, expected the 0 that the tensors take"},
      {R"({"line\nbreak)" + std::string(1000, 'n') + R"(":0})", "tensor \"line\\nbreaknnn"},
  };
  const temporary_folder folder;
  const fs::path path = folder.path / "bad.safetensors";
  for (const violation &bad : violations) {
    store(path, file_of(bad.header, bad.data_bytes));
    check_refused(path, bad.code, bad.message);
  }
}

TEST_CASE("what is no safetensors file is called so") {
  const temporary_folder folder;
  const fs::path path = folder.path / "bad.safetensors";
  check_refused(path, error_code::cannot_open, "No such file");
  check_refused(folder.path, error_code::cannot_open, "found a directory, expected a regular file");
  check_refused("/dev/null", error_code::cannot_open, "found a special file, expected a regular file");
  store(path, "");
  check_refused(path, error_code::corrupt_file, "found a file of 0 bytes");
  for (const std::uint64_t length : {std::uint64_t{3}, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    store(path, length_text(length) + "{}");
    check_refused(path, error_code::corrupt_file,
                  "header length of " + std::to_string(length) +
                      " bytes, expected at most the 2 that follow");
  }
  store(path, length_text(100'000'001));
  fs::resize_file(path, 100'000'009); // sparse: takes no room
  check_refused(path, error_code::too_large, "100000001 bytes, expected at most 100000000");
  if (geteuid() != 0) { // root may read anything
    fs::permissions(path, fs::perms::none);
    check_refused(path, error_code::cannot_open, "Permission denied");
  }
}

TEST_CASE("deep nesting is refused without recursion") {
  const temporary_folder folder;
  const fs::path path = folder.path / "deep.safetensors";
  for (const std::string &opening : {std::string("["), std::string("{\"a\":")}) {
    std::string header = R"({"t":{"dtype":"U8","shape":)";
    for (int depth = 0; depth < 100'000; ++depth)
      header += opening;
    store(path, file_of(header, 0));
    check_refused(path, error_code::corrupt_file, "tensor \"t\": shape: found an");
  }
}

TEST_CASE("a file cut short or grown by a byte is refused at every length") {
  const temporary_folder folder;
  const fs::path path = folder.path / "cut.safetensors";
  const std::string whole = file_of(small_header, small_data);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    store(path, whole.substr(0, length));
    check_refused(path, error_code::corrupt_file, "expected");
  }
  store(path, whole + "x");
  check_refused(path, error_code::corrupt_file, "found 13 bytes of data, expected the 12");
  store(path, whole);
  CHECK(safetensors_file(path).tensors().size() == 3);
}

TEST_CASE("a file with any header byte changed loads or throws vggen::error") {
  const temporary_folder folder;
  const fs::path path = folder.path / "flipped.safetensors";
  const std::string whole = file_of(small_header, small_data);
  for (std::size_t at = 0; at < whole.size() - small_data; ++at)
    for (const unsigned flip : {1U, 2U, 4U, 8U, 16U, 32U, 64U, 128U, 255U}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ flip);
      store(path, changed);
      try {
        const safetensors_file file(path);
        std::size_t bytes = 0;
        for (const vggen::tensor_view &view : file.tensors())
          bytes += view.data.size();
        CHECK(bytes == small_data);
      } catch (const vggen::error &problem) {
        CHECK(std::string(problem.what()).starts_with(path.string() + ": "));
      }
    }
}

} // namespace
