// Event messages in TFRecords, collected and appended whole.
#include "vggen/report/event_file.hpp"

#include "event.pb.h"
#include "vggen/io/error.hpp"
#include "vggen/report/tfrecord.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace vggen {
namespace {

constexpr std::size_t most_pending_bytes = 64 << 10;

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  for (char &c : name)
    if (c == '/') c = '_';
  return name.data();
}

// TensorBoard reads the files of a folder in the order of their names. Of two made within a second the later
// takes the next second's name, so that it comes second.
detail::append_file create_in(const std::filesystem::path &folder) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem)
    throw error(error_code::cannot_write,
                folder.string() + ": cannot create this folder: " + problem.message());
  const std::string host = host_name();
  constexpr int attempts = 1000;
  auto second = static_cast<std::int64_t>(seconds_now());
  for (int i = 0; i < attempts; ++i, ++second) {
    const auto path = folder / ("events.out.tfevents." + std::to_string(second) + "." + host);
    if (std::optional<detail::append_file> file = detail::append_file::create(path)) return std::move(*file);
  }
  throw error(error_code::cannot_write, folder.string() + ": found event files of the next " +
                                            std::to_string(attempts) +
                                            " seconds, expected a free name for another");
}

bool is_utf8(std::string_view text) {
  try {
    static_cast<void>(nlohmann::json(text).dump());
    return true;
  } catch (
      const nlohmann::json::type_error &) { // what dump throws for text that is not UTF-8 and for no other
    return false;
  }
}

std::string record_of(event_proto::Event &event) {
  event.set_wall_time(seconds_now());
  return detail::tfrecord(event.SerializeAsString());
}

} // namespace

event_file::event_file(const std::filesystem::path &folder) : file_(create_in(folder)) {
  event_proto::Event event;
  event.set_file_version("brain.Event:2");
  pending_ = record_of(event);
  flush();
}

event_file::~event_file() { file_.try_append(std::as_bytes(std::span(pending_))); }

void event_file::scalar(std::string_view tag, std::int64_t step, double value) {
  if (tag.empty() || !is_utf8(tag))
    throw error(error_code::invalid_argument, path().string() + ": found a tag that is empty or not UTF-8, "
                                                                "expected the name of a curve");
  event_proto::Event event;
  event.set_step(step);
  event_proto::Summary::Value &entry = *event.mutable_summary()->add_value();
  entry.set_tag(std::string(tag));
  entry.set_simple_value(static_cast<float>(value));
  pending_ += record_of(event);
  if (pending_.size() >= most_pending_bytes) flush();
}

void event_file::flush() {
  if (pending_.empty()) return;
  file_.append(std::as_bytes(std::span(pending_)));
  pending_.clear();
}

} // namespace vggen
