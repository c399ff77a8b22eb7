// A log for programs: one JSON object a line.
#pragma once

#include "vggen/report/append_file.hpp"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>

namespace vggen {

/// Represents a log in the format of https://jsonlines.org: each line is a JSON object. Lines are appended to
/// what is there, each at once and whole, so that a killed program leaves whole lines, and another program
/// may read while this one writes. For one thread at a time.
///
/// (This header has the names of the JSON library only; who calls write() includes <nlohmann/json.hpp>.)
class json_lines {
public:
  /// Opens the file at `path`, or makes it. If it ends within a line, as a power cut may leave it, that line
  /// is ended first, not removed. Throws vggen::error with cannot_write if it cannot be written.
  explicit json_lines(const std::filesystem::path &path);

  /// Appends `object` as one line, members in their order. JSON knows no NaN and no infinities: they become
  /// null; what is not UTF-8 in a text becomes U+FFFD. Throws vggen::error with invalid_argument if `object`
  /// is no JSON object, with cannot_write if the line cannot be written whole (nothing of it then is).
  void write(const nlohmann::ordered_json &object);

private:
  detail::append_file file_;
};

} // namespace vggen
