// Reads class names from lines of text, or from the two forms of JSON that are about.
#include "vggen/io/labels.hpp"

#include "vggen/io/error.hpp"
#include "vggen/io/mapped_file.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <new>
#include <set>
#include <string_view>

namespace vggen {
namespace {

using json = nlohmann::json;

// ImageNet's 21,841 classes take one.
constexpr std::size_t max_file_bytes = std::size_t{4} << 20;

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

[[noreturn]] void fail(const std::string &file_name, const std::string &what) {
  throw error(error_code::corrupt_file, file_name + ": " + what);
}

bool is_utf8(const std::string &text) {
  try {
    static_cast<void>(json(text).dump());
    return true;
  } catch (const json::type_error &) { // what dump throws for text that is not UTF-8, and for nothing else
    return false;
  }
}

// Throws unless `name` is fit to be printed on a line; `number` is that of its line or class.
void check_name(const std::string &name, const char *unit, std::size_t number, const std::string &file_name) {
  const auto is_control = [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; };
  const char *expected = nullptr;
  if (name.empty())
    expected = "a class name";
  else if (!is_utf8(name))
    expected = "UTF-8";
  else if (std::ranges::any_of(name, is_control))
    expected = "no control characters";
  if (expected != nullptr)
    fail(file_name, std::string(unit) + " " + std::to_string(number) + ": found " + detail::in_quotes(name) +
                        ", expected " + expected);
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
  }
  while (!lines.empty() && lines.back().empty())
    lines.pop_back();
  return lines;
}

// The document, of at most the depth that labels have, so that its size is bounded by the file's.
json parse(std::string_view text, const std::string &file_name) {
  // nlohmann takes a zero byte for the end of its input, and would not see what follows.
  const std::size_t zero = text.find('\0');
  if (zero != std::string_view::npos)
    fail(file_name, "found a zero byte at byte " + std::to_string(zero) + ", expected JSON");
  std::set<std::string> keys;
  const auto check = [&](int depth, json::parse_event_t event, json &value) {
    const bool opens =
        event == json::parse_event_t::array_start || event == json::parse_event_t::object_start;
    if (opens && depth > 1) fail(file_name, "found lists or objects nested three deep, expected at most two");
    // nlohmann would keep the last of equal keys
    if (event == json::parse_event_t::key && depth == 1 && !keys.insert(value.get<std::string>()).second)
      fail(file_name, "found the class " + detail::in_quotes(value.get<std::string>()) +
                          " twice, expected each class once");
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), check);
  } catch (const json::parse_error &problem) {
    fail(file_name, "found an error at byte " + std::to_string(problem.byte) + ", expected JSON");
  }
}

std::vector<std::string> names_in_list(const json &list, const std::string &file_name) {
  std::vector<std::string> names;
  for (const json &entry : list) {
    if (!entry.is_string())
      fail(file_name,
           "class " + std::to_string(names.size()) + ": found " + entry.type_name() + ", expected a string");
    names.push_back(entry.get<std::string>());
  }
  return names;
}

std::vector<std::string> names_in_object(const json &object, const std::string &file_name) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < object.size(); ++i) {
    const auto entry = object.find(std::to_string(i));
    const std::string subject = "class " + std::to_string(i) + ": ";
    if (entry == object.end())
      fail(file_name, subject + "found no such key, expected \"0\" to \"" +
                          std::to_string(object.size() - 1) + "\" for the " + std::to_string(object.size()) +
                          " keys");
    if (!entry->is_array() || entry->size() != 2 || !entry->front().is_string() || !entry->back().is_string())
      fail(file_name, subject + "found " + detail::in_quotes(entry->dump()) +
                          ", expected a list of two strings, identifier and name");
    names.push_back(entry->back().get<std::string>());
  }
  return names;
}

std::vector<std::string> names_in_json(std::string_view text, const std::string &file_name) {
  const json document = parse(text, file_name);
  if (document.is_array()) return names_in_list(document, file_name);
  if (document.is_object()) return names_in_object(document, file_name);
  fail(file_name, std::string("found ") + document.type_name() + ", expected a list or an object");
}

std::vector<std::string> read(const std::filesystem::path &path, int classes) {
  const std::string file_name = path.string();
  const mapped_file file(path);
  if (file.bytes().size() > max_file_bytes)
    throw error(error_code::too_large,
                file_name + ": found a file of " + std::to_string(file.bytes().size()) +
                    " bytes, expected class names of at most " + std::to_string(max_file_bytes));
  std::string_view text(reinterpret_cast<const char *>(file.bytes().data()), file.bytes().size());
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());

  const bool is_json = path.extension() == ".json";
  std::vector<std::string> names = is_json ? names_in_json(text, file_name) : lines_of(text);
  for (std::size_t i = 0; i < names.size(); ++i)
    check_name(names[i], is_json ? "class" : "line", is_json ? i : i + 1, file_name);
  if (classes < 0 || names.size() != static_cast<std::size_t>(classes))
    throw error(error_code::mismatch, file_name + ": found " + std::to_string(names.size()) +
                                          " class names, expected the network's " + std::to_string(classes));
  return names;
}

} // namespace

std::vector<std::string> read_labels(const std::filesystem::path &path, int classes) {
  try {
    return read(path, classes);
  } catch (const std::bad_alloc &) {
    throw error(error_code::out_of_memory,
                path.string() + ": there is not enough memory to read these class names");
  }
}

} // namespace vggen
