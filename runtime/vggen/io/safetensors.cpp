// Holds a safetensors header against the file that it came with; parsing it is safetensors_header.cpp's.
#include "vggen/io/safetensors.hpp"

#include "vggen/io/error.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

namespace vggen {
namespace {

static_assert(std::endian::native == std::endian::little, "the views give the file's bytes as they are");

constexpr std::size_t length_bytes = 8; // the file starts with the header's length, a 64-bit integer

std::string_view header_text(std::span<const std::byte> file, const std::string &file_name) {
  if (file.size() < length_bytes)
    throw error(error_code::corrupt_file, file_name + ": found a file of " + std::to_string(file.size()) +
                                              " bytes, expected a safetensors file, of at least 10");
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), length_bytes);
  const std::string found = file_name + ": found a header length of " + std::to_string(length) + " bytes";
  // The shorter file first: anything that is not a safetensors file claims a length beyond all limits.
  if (length > file.size() - length_bytes)
    throw error(error_code::corrupt_file, found + ", expected at most the " +
                                              std::to_string(file.size() - length_bytes) +
                                              " that follow (truncated, or not a safetensors file)");
  if (length > detail::max_header_bytes)
    throw error(error_code::too_large,
                found + ", expected at most " + std::to_string(detail::max_header_bytes));
  return {reinterpret_cast<const char *>(file.data()) + length_bytes, static_cast<std::size_t>(length)};
}

// Throws unless the entry's bytes are in the data and as many as its type and shape ask for.
void check_entry(const detail::header_entry &entry, std::size_t data_bytes, const std::string &file_name) {
  const auto fail = [&](const std::string &what) {
    throw error(error_code::corrupt_file,
                file_name + ": tensor " + detail::in_quotes(entry.name) + ": " + what);
  };
  const std::string offsets =
      "found data_offsets [" + std::to_string(entry.begin) + ", " + std::to_string(entry.end) + "]";
  if (entry.begin > entry.end) fail(offsets + ", expected the first not to exceed the second");
  if (entry.end > data_bytes)
    fail(offsets + ", expected at most the " + std::to_string(data_bytes) +
         " bytes of data that the file holds (truncated?)");
  const std::string kind = std::string(element_name(entry.type)) + " " + detail::shape_text(entry.shape);
  const std::optional<std::uint64_t> bytes = tensor_bytes(entry.type, entry.shape);
  if (!bytes) fail("found " + kind + ", expected a size in whole bytes that fits 64 bits");
  if (*bytes != entry.end - entry.begin)
    fail(offsets + ", which is " + std::to_string(entry.end - entry.begin) + " bytes, expected " +
         std::to_string(*bytes) + " for " + kind);
}

// Throws unless the entries, ascending by offset, cover the data from end to end, each byte once.
void check_cover(std::span<const detail::header_entry> entries, std::size_t data_bytes,
                 const std::string &file_name) {
  std::uint64_t covered = 0;
  for (const detail::header_entry &entry : entries) {
    if (entry.begin != covered)
      throw error(error_code::corrupt_file,
                  file_name + ": tensor " + detail::in_quotes(entry.name) + ": found data from byte " +
                      std::to_string(entry.begin) + " on, expected from " + std::to_string(covered) +
                      (entry.begin < covered ? " (it overlaps the tensor before)" : " (a hole before it)"));
    covered = entry.end;
  }
  if (covered != data_bytes)
    throw error(error_code::corrupt_file, file_name + ": found " + std::to_string(data_bytes) +
                                              " bytes of data, expected the " + std::to_string(covered) +
                                              " that the tensors take");
}

} // namespace

safetensors_file::safetensors_file(const std::filesystem::path &path) : file_(path) { load(); }

safetensors_file::safetensors_file(std::span<const std::byte> bytes, const std::filesystem::path &name)
    : file_(bytes, name) {
  load();
}

void safetensors_file::load() {
  try {
    read_header();
  } catch (const std::bad_alloc &) {
    throw error(error_code::out_of_memory,
                path().string() + ": there is not enough memory to read this header");
  }
}

void safetensors_file::read_header() {
  const std::string file_name = path().string();
  const std::string_view text = header_text(file_.bytes(), file_name);
  const std::span<const std::byte> data = file_.bytes().subspan(length_bytes + text.size());

  detail::safetensors_header header = detail::parse_safetensors_header(text, file_name);
  for (const detail::header_entry &entry : header.entries)
    check_entry(entry, data.size(), file_name);
  // By name, too, because empty tensors may share an offset.
  std::ranges::sort(header.entries, {}, [](const detail::header_entry &entry) {
    return std::tuple(entry.begin, entry.end, std::string_view(entry.name));
  });
  check_cover(header.entries, data.size(), file_name);

  metadata_ = std::move(header.metadata);
  tensors_.reserve(header.entries.size());
  for (detail::header_entry &entry : header.entries)
    tensors_.push_back({std::move(entry.name), entry.type, std::move(entry.shape),
                        data.subspan(entry.begin, entry.end - entry.begin)});
  by_name_.resize(tensors_.size());
  std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
  std::ranges::sort(by_name_, {}, [&](std::size_t i) -> const std::string & { return tensors_[i].name; });
}

const tensor_view *safetensors_file::find(std::string_view name) const {
  const auto name_of = [&](std::size_t i) -> std::string_view { return tensors_[i].name; };
  const auto found = std::ranges::lower_bound(by_name_, name, {}, name_of);
  return found != by_name_.end() && name_of(*found) == name ? &tensors_[*found] : nullptr;
}

} // namespace vggen
