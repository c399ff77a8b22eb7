// The JSON header of a safetensors file as data, before it is held against the file that it describes.
#pragma once

#include "vggen/io/element_type.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vggen::detail {

/// The longest header that the safetensors library reads, in bytes; a longer one serves only to exhaust
/// memory.
constexpr std::uint64_t max_header_bytes = 100'000'000;

/// The key of a header that is not a tensor's name.
constexpr std::string_view metadata_key = "__metadata__";

struct header_entry {
  std::string name;
  element_type type = element_type::f32;
  std::vector<std::int64_t> shape; // each >= 0; slowest dimension first
  std::uint64_t begin = 0;         // bytes from the start of the data; unchecked
  std::uint64_t end = 0;
};

struct safetensors_header {
  std::map<std::string, std::string> metadata;
  std::vector<header_entry> entries; // by ascending name, each name once
};

/// Returns what `json` says. Throws vggen::error, its message starting with `file_name`, with corrupt_file if
/// it is not what the safetensors specification calls a header, with unsupported if it uses a dtype or a
/// tensor property that is not known here.
[[nodiscard]] safetensors_header parse_safetensors_header(std::string_view json,
                                                          const std::string &file_name);

/// `text` fit for a message of one line: in quotes, escaped as in JSON, and cut if it is long.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// A shape for a message: "[64, 3, 3, 3]"; a long one, as hostile files have, is cut.
[[nodiscard]] std::string shape_text(std::span<const std::int64_t> shape);

} // namespace vggen::detail
