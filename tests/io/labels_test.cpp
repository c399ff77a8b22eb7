// read_labels: both kinds of file, and every way to get one wrong.
#include "vggen/io/error.hpp"
#include "vggen/io/labels.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

using vggen::error_code;
using vggen::read_labels;
namespace fs = std::filesystem;
using names = std::vector<std::string>;

// A folder of this test's own, gone when the test is over.
struct temporary_folder {
  fs::path path = fs::temp_directory_path() / ("vggen_labels_test_" + std::to_string(getpid()));
  temporary_folder() { fs::create_directories(path); }
  ~temporary_folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  temporary_folder(const temporary_folder &) = delete;
  temporary_folder &operator=(const temporary_folder &) = delete;
};

names labels_in(const std::string &file_name, const std::string &content, int classes) {
  const temporary_folder folder;
  std::ofstream(folder.path / file_name, std::ios::binary) << content;
  return read_labels(folder.path / file_name, classes);
}

// Reading throws an error of this code, with a message of one line that names the file and holds `part`.
void check_refused_at(const fs::path &path, int classes, const std::string &part, error_code code) {
  INFO(part);
  try {
    static_cast<void>(read_labels(path, classes));
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

void check_refused(const std::string &file_name, const std::string &content, int classes,
                   const std::string &part, error_code code = error_code::corrupt_file) {
  const temporary_folder folder;
  std::ofstream(folder.path / file_name, std::ios::binary) << content;
  check_refused_at(folder.path / file_name, classes, part, code);
}

const names two = {"great white shark, Carcharodon", "B\xc3\xa4r"};

TEST_CASE("a text file has one name a line") {
  const std::string content = two[0] + "\n" + two[1];
  CHECK(labels_in("a.txt", content, 2) == two);
  CHECK(labels_in("a.txt", content + "\n", 2) == two);
  CHECK(labels_in("a.txt", content + "\n\n\r\n\n", 2) == two);
  CHECK(labels_in("a.txt", two[0] + "\r\n" + two[1] + "\r\n", 2) == two);
  CHECK(labels_in("a.txt", two[0] + "\r\n" + two[1] + "\r", 2) == two);
  CHECK(labels_in("a.txt", "\xef\xbb\xbf" + content, 2) == two);
  CHECK(labels_in("json", content, 2) == two);
  CHECK(labels_in("a.txt", "n01440764\ttench\n 7 \n", 2) == names{"n01440764\ttench", " 7 "});
}

TEST_CASE("a JSON file has a list, or an object as Keras has it") {
  CHECK(labels_in("a.json", R"(["great white shark, Carcharodon", "B\u00e4r"])", 2) == two);
  CHECK(labels_in("a.json", "\xef\xbb\xbf[\"" + two[0] + "\",\n\"" + two[1] + "\"]\n", 2) == two);
  CHECK(labels_in("a.json", R"({"0": ["n1", "a"], "1": ["n2", "b"]})", 2) == names{"a", "b"});
  std::string many;
  names expected;
  for (int i = 11; i >= 0; --i) // 10 follows 9, whatever the order in the file or of the keys' texts
    many += R"(,")" + std::to_string(i) + R"(":["n","c)" + std::to_string(i) + R"("])";
  for (int i = 0; i < 12; ++i)
    expected.push_back("c" + std::to_string(i));
  CHECK(labels_in("a.json", "{" + many.substr(1) + "}", 12) == expected);
}

TEST_CASE("another number of names than of classes is refused") {
  const auto code = error_code::mismatch;
  check_refused("a.txt", "a\nb\n", 3, "found 2 class names, expected the network's 3", code);
  check_refused("a.txt", "a\nb\n", 1, "found 2 class names, expected the network's 1", code);
  check_refused("a.txt", "a\nb\n", -1, "found 2 class names, expected the network's -1", code);
  check_refused("a.txt", "", 10, "found 0 class names, expected the network's 10", code);
  check_refused("a.txt", "\n\n\n", 3, "found 0 class names, expected the network's 3", code);
  check_refused("a.json", "[]", 1, "found 0 class names, expected the network's 1", code);
  check_refused("a.json", R"(["a","b"])", 1000, "found 2 class names, expected the network's 1000", code);
  check_refused("a.json", R"({"0":["n","a"]})", 2, "found 1 class names, expected the network's 2", code);
}

TEST_CASE("names that cannot be printed are refused") {
  check_refused("a.txt", "a\n\nb\n", 3, "line 2: found \"\", expected a class name");
  check_refused("a.txt", "a\nb\xff\n", 2, "line 2: found \"b\xef\xbf\xbd\", expected UTF-8");
  check_refused("a.txt", std::string("a\0\n", 3), 1, "line 1: found \"a\\u0000\", expected no control");
  check_refused("a.txt", "a\rb\n", 1, "line 1: found \"a\\rb\", expected no control characters");
  check_refused("a.txt", "\x1b[31m\n", 1, "line 1: found \"\\u001b[31m\", expected no control characters");
  check_refused("a.json", R"(["a", ""])", 2, "class 1: found \"\", expected a class name");
  check_refused("a.json", R"(["a\nb"])", 1, "class 0: found \"a\\nb\", expected no control characters");
  check_refused("a.json", R"({"0":["n","\u0000"]})", 1, "class 0: found \"\\u0000\", expected no control");
}

TEST_CASE("JSON of another form is refused") {
  check_refused("a.json", "", 1, "found an error at byte 1, expected JSON");
  check_refused("a.json", "tench\n", 1, "expected JSON");
  check_refused("a.json", R"(["a",])", 1, "found an error at byte 6, expected JSON");
  check_refused("a.json", R"(["a"] x)", 1, "expected JSON");
  check_refused("a.json", "[\"\xff\"]", 1, "expected JSON");
  check_refused("a.json", std::string("[\"a\"]\0", 6), 1, "found a zero byte at byte 5, expected JSON");
  check_refused("a.json", "\"a\"", 1, "found string, expected a list or an object");
  check_refused("a.json", "null", 1, "found null, expected a list or an object");
  check_refused("a.json", R"(["a", 1])", 2, "class 1: found number, expected a string");
  check_refused("a.json", R"([["n", "a"]])", 1, "class 0: found array, expected a string");
  check_refused("a.json", R"({"1":["n","a"],"2":["n","b"]})", 2,
                "class 0: found no such key, expected \"0\" to \"1\" for the 2 keys");
  check_refused("a.json", R"({"00":["n","a"]})", 1, "class 0: found no such key");
  check_refused("a.json", R"({"0":["n","a"],"0":["n","b"]})", 1, "found the class \"0\" twice");
  check_refused("a.json", R"({"0":"a"})", 1, "class 0: found \"\\\"a\\\"\", expected a list of two strings");
  check_refused("a.json", R"({"0":["n"]})", 1, "expected a list of two strings, identifier and name");
  check_refused("a.json", R"({"0":["n","a","b"]})", 1, "expected a list of two strings");
  check_refused("a.json", R"({"0":["n",1]})", 1, "expected a list of two strings");
  check_refused("a.json", R"({"0":[1,"a"]})", 1, "expected a list of two strings");
  check_refused("a.json", R"({"0":{"0":"n","1":"a"}})", 1, "expected a list of two strings");
  for (const std::string &opening : {std::string("["), std::string("{\"0\":")}) {
    std::string deep;
    for (int depth = 0; depth < 100'000; ++depth)
      deep += opening;
    check_refused("a.json", deep, 1, "found lists or objects nested three deep, expected at most two");
  }
}

TEST_CASE("files that cannot be or should not be read are refused") {
  const temporary_folder folder;
  const fs::path path = folder.path / "labels.txt";
  check_refused_at(path, 1, "No such file", error_code::cannot_open);
  check_refused_at(folder.path, 1, "found a directory", error_code::cannot_open);
  std::ofstream(path) << "a";
  fs::resize_file(path, (4 << 20) + 1);
  check_refused_at(path, 1, "found a file of 4194305 bytes, expected class names of at most 4194304",
                   error_code::too_large);
}

} // namespace
