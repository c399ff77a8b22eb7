// Reads the list field by field, so that every mistake has its line.
#include "vggen/data/listed.hpp"

#include "vggen/io/error.hpp"
#include "vggen/io/read_image.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <set>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

namespace vggen {
namespace {

namespace fs = std::filesystem;

enum column : std::size_t { file, class_name, left, top, right, bottom, columns };
constexpr std::array<std::string_view, columns> column_names{"file", "class", "left",
                                                             "top",  "right", "bottom"};

[[noreturn]] void fail(const fs::path &list, std::size_t line, const std::string &what) {
  throw error(error_code::corrupt_file, list.string() + ":" + std::to_string(line) + ": " + what);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' '))
    text.remove_prefix(1);
  while (text.ends_with(' '))
    text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t end = line.find(',');
    fields.push_back(trimmed(line.substr(0, end)));
    if (end == std::string_view::npos) return fields;
    line.remove_prefix(end + 1);
  }
}

// Represents the list while it is read.
class line_reader {
public:
  explicit line_reader(fs::path list) : list_(std::move(list)), stream_(list_, std::ios::binary) {
    std::error_code ignored;
    if (!fs::is_regular_file(list_, ignored) || !stream_)
      throw error(error_code::cannot_open, list_.string() + ": found no such list of pictures");
  }

  // The fields of the next line that is not empty; none at the end.
  std::vector<std::string_view> next() {
    while (std::getline(stream_, text_)) {
      ++line_;
      std::string_view line = text_;
      constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
      if (line_ == 1 && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
      if (line.ends_with('\r')) line.remove_suffix(1);
      const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
      if (std::ranges::any_of(line, is_control))
        fail(list_, line_,
             "found " + detail::in_quotes(std::string(line)) + ", expected no control characters");
      if (!trimmed(line).empty()) return fields_of(line);
    }
    return {};
  }

  [[nodiscard]] std::size_t line() const { return line_; }
  [[nodiscard]] const fs::path &list() const { return list_; }

private:
  fs::path list_;
  std::ifstream stream_;
  std::string text_; // of the line
  std::size_t line_ = 0;
};

// Where the columns are that are needed, among how many.
struct layout {
  std::array<std::size_t, columns> positions{};
  std::size_t count = 0;
  bool has_boxes = false;

  [[nodiscard]] std::size_t columns_needed() const { return has_boxes ? columns : column::left; }
};

layout read_layout(line_reader &lines, listed_boxes boxes) {
  const std::vector<std::string_view> names = lines.next();
  layout found_columns{.positions = {}, .count = names.size()};
  const auto has = [&](std::string_view name) { return std::ranges::find(names, name) != names.end(); };
  found_columns.has_boxes = boxes == listed_boxes::required ||
                            std::ranges::any_of(std::span(column_names).subspan(column::left), has);
  for (std::size_t c = 0; c < found_columns.columns_needed(); ++c) {
    const auto found = std::ranges::find(names, column_names[c]);
    if (std::ranges::count(names, column_names[c]) != 1)
      fail(lines.list(), std::max<std::size_t>(1, lines.line()),
           std::string(found == names.end() ? "found no column \"" : "found more than one column \"") +
               std::string(column_names[c]) + "\", expected one each of file, class" +
               (found_columns.has_boxes ? ", left, top, right, bottom" : ""));
    found_columns.positions[c] = static_cast<std::size_t>(found - names.begin());
  }
  return found_columns;
}

double number_in(std::string_view text, column which, const line_reader &lines) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    fail(lines.list(), lines.line(),
         std::string(column_names[which]) + ": found " + detail::in_quotes(std::string(text)) +
             ", expected a number of pixels");
  return value;
}

std::string text_of(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", number);
  return text.data();
}

std::string text_of(const box &b) {
  return "a box from " + text_of(b.left) + ", " + text_of(b.top) + " to " + text_of(b.right) + ", " +
         text_of(b.bottom);
}

box box_in(const std::array<std::string_view, columns> &fields, const line_reader &lines) {
  const auto number = [&](column which) { return number_in(fields[which], which, lines); };
  const box place{number(left), number(top), number(right), number(bottom)};
  if (place.is_empty())
    fail(lines.list(), lines.line(),
         "found " + text_of(place) + ", expected left before right and top before bottom");
  if (place.left < 0 || place.top < 0)
    fail(lines.list(), lines.line(),
         "found " + text_of(place) + ", expected one in the picture, from 0, 0 on");
  return place;
}

} // namespace

listed_dataset::listed_dataset(const fs::path &list, std::vector<std::string> class_names, listed_boxes boxes)
    : list_(list), folder_(list.parent_path()), class_names_(std::move(class_names)) {
  line_reader lines(list_);
  const layout all = read_layout(lines, boxes);
  const bool given = !class_names_.empty();
  std::set<std::string> names(class_names_.begin(), class_names_.end()), files;
  for (auto fields = lines.next(); !fields.empty(); fields = lines.next()) {
    if (fields.size() != all.count)
      fail(lines.list(), lines.line(),
           "found " + std::to_string(fields.size()) + " fields, expected " + std::to_string(all.count) +
               ", as the first line has");
    std::array<std::string_view, columns> text;
    for (std::size_t c = 0; c < all.columns_needed(); ++c) {
      text[c] = fields[all.positions[c]];
      if (text[c].empty())
        fail(lines.list(), lines.line(), "found nothing for " + std::string(column_names[c]));
    }
    entry one{.file = std::string(text[column::file]),
              .class_name = std::string(text[column::class_name]),
              .place = all.has_boxes ? std::optional(box_in(text, lines)) : std::nullopt,
              .line = lines.line()};
    std::error_code ignored;
    if (!fs::is_regular_file(folder_ / one.file, ignored))
      fail(lines.list(), lines.line(),
           "found no picture " + detail::in_quotes((folder_ / one.file).string()));
    if (!files.insert(one.file).second)
      fail(lines.list(), lines.line(),
           "found " + detail::in_quotes(one.file) + " again, expected each picture once");
    if (names.insert(one.class_name).second && given)
      fail(lines.list(), lines.line(),
           "found the class " + detail::in_quotes(one.class_name) + ", which the training part has not");
    entries_.push_back(std::move(one));
  }
  if (entries_.empty())
    throw error(error_code::corrupt_file, lines.list().string() + ": found no picture in it");
  if (!given) class_names_.assign(names.begin(), names.end());
  for (entry &one : entries_) {
    const auto found = std::ranges::find(class_names_, one.class_name);
    one.label = static_cast<int>(found - class_names_.begin());
  }
}

void listed_dataset::read_into(std::int64_t i, image &picture) const {
  picture = read_image(name(i));
  if (!at(i).place) return;
  const box &place = *at(i).place;
  if (place.right > picture.width || place.bottom > picture.height)
    fail(list_, at(i).line,
         "found " + text_of(place) + ", expected one in the picture, " + name(i) + " of " +
             std::to_string(picture.width) + "x" + std::to_string(picture.height));
}

} // namespace vggen
