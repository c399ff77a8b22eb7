// Event files against the format's own definition: published checksums, frames and messages read byte by
// byte, and disks that are full. (test_tensorboard.py has TensorBoard read them.)
#include "failures.hpp"
#include "folders.hpp"

#include "vggen/report/event_file.hpp"
#include "vggen/report/tfrecord.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using vggen::error_code;
namespace fs = std::filesystem;

template <class T> T number_at(std::string_view bytes, std::size_t offset) {
  REQUIRE(offset + sizeof(T) <= bytes.size());
  T number;
  std::memcpy(&number, bytes.data() + offset, sizeof(T));
  return number;
}

// The checksum bit by bit, from the polynomial: independent of the library that the product uses.
std::uint32_t slow_crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
  }
  return ~crc;
}

// The messages of a file, after a check of every frame.
std::vector<std::string> messages_of(std::string_view file) {
  std::vector<std::string> messages;
  while (!file.empty()) {
    const auto length = number_at<std::uint64_t>(file, 0);
    REQUIRE(length <= file.size() - 16);
    CHECK(number_at<std::uint32_t>(file, 8) == vggen::detail::masked_crc(slow_crc32c(file.substr(0, 8))));
    messages.emplace_back(file.substr(12, length));
    CHECK(number_at<std::uint32_t>(file, 12 + length) ==
          vggen::detail::masked_crc(slow_crc32c(messages.back())));
    file.remove_prefix(16 + length);
  }
  return messages;
}

// A reader of protobuf's wire format, for the few kinds of fields that there are.
struct wire_reader {
  std::string_view rest;

  std::uint64_t varint() {
    std::uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
      REQUIRE(!rest.empty());
      const auto byte = static_cast<unsigned char>(rest.front());
      rest.remove_prefix(1);
      number |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return number;
    }
  }
  std::string_view bytes(std::size_t count) {
    REQUIRE(count <= rest.size());
    const std::string_view taken = rest.substr(0, count);
    rest.remove_prefix(count);
    return taken;
  }
};

struct read_event {
  double wall_time = 0;
  std::int64_t step = 0;
  std::string file_version, tag;
  std::optional<float> value;
};

read_event parse(std::string_view message) {
  read_event event;
  wire_reader fields{message};
  while (!fields.rest.empty()) {
    const std::uint64_t key =
        fields.varint(); // number << 3 | kind: 0 varint, 1 eight bytes, 2 length, 5 four
    if (key == (1 << 3 | 1)) {
      event.wall_time = number_at<double>(fields.bytes(8), 0);
    } else if (key == (2 << 3 | 0)) {
      event.step = static_cast<std::int64_t>(fields.varint());
    } else if (key == (3 << 3 | 2)) {
      event.file_version = fields.bytes(fields.varint());
    } else {
      REQUIRE(key == (5 << 3 | 2)); // summary
      wire_reader summary{fields.bytes(fields.varint())};
      REQUIRE(summary.varint() == (1 << 3 | 2)); // value
      wire_reader entry{summary.bytes(summary.varint())};
      CHECK(summary.rest.empty());
      REQUIRE(entry.varint() == (1 << 3 | 2));
      event.tag = entry.bytes(entry.varint());
      REQUIRE(entry.varint() == (2 << 3 | 5));
      event.value = number_at<float>(entry.bytes(4), 0);
      CHECK(entry.rest.empty());
    }
  }
  return event;
}

std::vector<read_event> events_of(const fs::path &path) {
  std::vector<read_event> events;
  for (const std::string &message : messages_of(load(path)))
    events.push_back(parse(message));
  return events;
}

TEST_CASE("checksums are those of RFC 3720") {
  using vggen::detail::crc32c;
  std::string ascending(32, '\0'), descending(32, '\0');
  for (std::size_t i = 0; i < 32; ++i)
    ascending[i] = descending[31 - i] = static_cast<char>(i);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
  CHECK(crc32c(ascending) == 0x46dd794e);
  CHECK(crc32c(descending) == 0x113fdb5c);
  CHECK(crc32c("123456789") == 0xe3069283);
  CHECK(crc32c("") == 0);
  CHECK(slow_crc32c("123456789") == 0xe3069283);
}

TEST_CASE("a record is what TensorFlow writes") {
  // the bytes that every event file of TensorFlow starts with: its first message has 24
  const std::string start("\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22", 12), data(24, 'x');
  const std::string record = vggen::detail::tfrecord(data);
  REQUIRE(record.size() == 40);
  CHECK(record.starts_with(start + data));
  CHECK(messages_of(record) == std::vector<std::string>{data});
  CHECK(messages_of(vggen::detail::tfrecord("")) == std::vector<std::string>{""});
}

TEST_CASE("events are read back") {
  const temporary_folder folder;
  const double before =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  fs::path path;
  {
    vggen::event_file file(folder.path / "made" / "here");
    path = file.path();
    file.scalar("loss/training", 0, 2.302585);
    file.scalar("loss/training", std::int64_t{1} << 40, -0.5);
    file.scalar("größe", 2, std::numeric_limits<double>::infinity());
    file.scalar("nan", 3, std::numeric_limits<double>::quiet_NaN());
  }
  CHECK(path.parent_path() == folder.path / "made" / "here");
  CHECK(path.filename().string().starts_with("events.out.tfevents."));
  const std::vector<read_event> events = events_of(path);
  REQUIRE(events.size() == 5);
  CHECK(events[0].file_version == "brain.Event:2");
  CHECK(!events[0].value);
  CHECK(events[1].tag == "loss/training");
  CHECK(events[1].step == 0);
  CHECK(events[1].value == 2.302585f);
  CHECK(events[2].step == std::int64_t{1} << 40);
  CHECK(events[2].value == -0.5f);
  CHECK(events[3].tag == "größe");
  CHECK(events[3].value == std::numeric_limits<float>::infinity());
  CHECK(std::isnan(events[4].value.value()));
  for (const read_event &event : events) {
    CHECK(event.wall_time >= before);
    CHECK(event.wall_time < before + 600);
  }
}

TEST_CASE("what is flushed is in the file, whole, while the writer lives") {
  const temporary_folder folder;
  vggen::event_file file(folder.path);
  CHECK(events_of(file.path()).size() == 1);
  file.scalar("a", 1, 1);
  file.flush();
  CHECK(events_of(file.path()).size() == 2);
  const std::string tag(1000, 't');
  for (int i = 0; i < 100; ++i)
    file.scalar(tag, i, i);
  CHECK(events_of(file.path()).size() > 50); // many are written unasked
  file.flush();
  CHECK(events_of(file.path()).size() == 102);
}

TEST_CASE("every writer of a folder makes a file of its own, in the order of names") {
  const temporary_folder folder;
  std::vector<fs::path> paths;
  for (int i = 0; i < 12; ++i)
    paths.push_back(vggen::event_file(folder.path).path());
  CHECK(std::ranges::is_sorted(paths));
  CHECK(std::ranges::adjacent_find(paths) == paths.end());
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 12);
}

TEST_CASE("tags that TensorBoard could not read are refused") {
  const temporary_folder folder;
  vggen::event_file file(folder.path);
  for (const char *tag : {"", "\xff", "ab\xc3"})
    check_throws([&] { file.scalar(tag, 0, 0); }, error_code::invalid_argument, "found a tag that is");
  file.flush();
  CHECK(events_of(file.path()).size() == 1);
}

TEST_CASE("what cannot be written is an error") {
  const temporary_folder folder;
  std::ofstream(folder.path / "file") << "no folder";
  check_throws([&] { vggen::event_file(folder.path / "file"); }, error_code::cannot_write,
               (folder.path / "file").string());
  check_throws([&] { vggen::event_file(folder.path / "file" / "below"); }, error_code::cannot_write,
               "Not a directory");
  check_throws([] { vggen::event_file("/proc/vggen"); }, error_code::cannot_write, "/proc/vggen");
}

TEST_CASE("a full disk leaves whole records, and what was not written is written later") {
  const temporary_folder folder;
  vggen::event_file file(folder.path);
  file.scalar("a", 1, 1);
  file.flush();
  const std::string before = load(file.path());
  {
    const file_size_limit limit(before.size() + 10);
    file.scalar("b", 2, 2);
    check_throws([&] { file.flush(); }, error_code::cannot_write, "File too large");
    CHECK(load(file.path()) == before);
  }
  file.flush();
  const std::vector<read_event> events = events_of(file.path());
  REQUIRE(events.size() == 3);
  CHECK(events[2].tag == "b");
}

} // namespace
