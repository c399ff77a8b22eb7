// json_lines by reading back, after interruptions, and onto full disks.
#include "failures.hpp"
#include "folders.hpp"

#include "vggen/report/json_lines.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

namespace {

using vggen::error_code;
using json = nlohmann::ordered_json;

TEST_CASE("objects are lines, in the order of their members, at once") {
  const temporary_folder folder;
  const auto path = folder.path / "log.jsonl";
  vggen::json_lines log(path);
  CHECK(load(path).empty());
  log.write({{"step", 1}, {"loss", 0.1}, {"a text", "two\nlines \"quoted\" ü"}});
  CHECK(load(path) == "{\"step\":1,\"loss\":0.1,\"a text\":\"two\\nlines \\\"quoted\\\" ü\"}\n");
  log.write(json::object());
  log.write({{"nested", {{"b", {1, 2}}, {"a", nullptr}}}});
  CHECK(load(path).ends_with("\n{}\n{\"nested\":{\"b\":[1,2],\"a\":null}}\n"));
}

TEST_CASE("a log goes on where it ended, on a line of its own") {
  const temporary_folder folder;
  const auto path = folder.path / "log.jsonl";
  vggen::json_lines(path).write({{"a", 1}});
  vggen::json_lines(path).write({{"a", 2}});
  CHECK(load(path) == "{\"a\":1}\n{\"a\":2}\n");
  std::ofstream(path, std::ios::app) << "{\"a\":";
  vggen::json_lines(path).write({{"a", 3}});
  CHECK(load(path) == "{\"a\":1}\n{\"a\":2}\n{\"a\":\n{\"a\":3}\n");
}

TEST_CASE("what JSON does not know is written as what it knows") {
  const temporary_folder folder;
  const auto path = folder.path / "log.jsonl";
  const double infinity = std::numeric_limits<double>::infinity();
  vggen::json_lines(path).write({{"x", infinity}, {"y", infinity - infinity}, {"text", "a\xff"}});
  CHECK(load(path) == "{\"x\":null,\"y\":null,\"text\":\"a\ufffd\"}\n");
}

TEST_CASE("what is no object is refused") {
  const temporary_folder folder;
  const auto path = folder.path / "log.jsonl";
  vggen::json_lines log(path);
  check_throws([&] { log.write(json(3)); }, error_code::invalid_argument,
               path.string() + ": found a JSON number, expected an object");
  check_throws([&] { log.write(json::array()); }, error_code::invalid_argument, "found a JSON array");
  CHECK(load(path).empty());
}

TEST_CASE("what cannot be written is an error, and no part of it stays") {
  const temporary_folder folder;
  check_throws([&] { vggen::json_lines(folder.path); }, error_code::cannot_write, "Is a directory");
  check_throws([&] { vggen::json_lines(folder.path / "no" / "log"); }, error_code::cannot_write,
               "No such file");
  vggen::json_lines full("/dev/full");
  check_throws([&] { full.write({{"a", 1}}); }, error_code::cannot_write,
               "/dev/full: cannot append to it: No space left");

  const auto path = folder.path / "log.jsonl";
  vggen::json_lines log(path);
  log.write({{"a", 1}});
  {
    const file_size_limit limit(10);
    check_throws([&] { log.write({{"a", 2}}); }, error_code::cannot_write, "File too large");
  }
  CHECK(load(path) == "{\"a\":1}\n");
  log.write({{"a", 3}});
  CHECK(load(path) == "{\"a\":1}\n{\"a\":3}\n");
}

} // namespace
