// Parses a safetensors header as a stream of JSON events. A header comes from anywhere, so no document is
// built from it: each event is refused where it does not belong, which bounds the depth at three.
#include "vggen/io/safetensors_header.hpp"

#include "vggen/io/error.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace vggen::detail {
namespace {

using json = nlohmann::json;

// What the parser is inside of, or about to read the value of.
enum class place {
  document,
  top,            // { NAME: ...
  metadata_value, // { "__metadata__": _
  metadata,       // { "__metadata__": { KEY: ...
  tensor_value,   // { NAME: _
  tensor,         // { NAME: { KEY: ...
  dtype,          // { NAME: { "dtype": _
  shape_value,    // { NAME: { "shape": _
  shape,          // { NAME: { "shape": [ ...
  offsets_value,  // { NAME: { "data_offsets": _
  offsets,        // { NAME: { "data_offsets": [ ...
};

constexpr const char *expected_at(place where) {
  switch (where) {
  case place::metadata_value:
    return "an object of strings";
  case place::metadata:
    return "a string";
  case place::tensor_value:
    return "an object of dtype, shape and data_offsets";
  case place::dtype:
    return "the name of a type";
  case place::shape_value:
    return "an array of non-negative integers";
  case place::shape:
    return "a non-negative integer below 2^63";
  case place::offsets_value:
    return "an array of two non-negative integers";
  case place::offsets:
    return "two non-negative integers";
  default:
    return "an object";
  }
}

std::string known_types() {
  std::string names;
  for (auto i = 0; i <= static_cast<int>(element_type::u64); ++i)
    names += (i == 0 ? "" : ", ") + std::string(element_name(static_cast<element_type>(i)));
  return names;
}

// Receives the parser's events (nlohmann's SAX interface) and throws at the first that is out of place.
class header_reader {
public:
  explicit header_reader(const std::string &file_name) : file_name_(file_name) {}

  safetensors_header take() && { return std::move(header_); }

  bool null() { refuse("null"); }
  bool boolean(bool value) { refuse(value ? "true" : "false"); }
  bool binary(json::binary_t &) { refuse("binary data"); } // not in JSON text, but the interface has it
  bool number_integer(json::number_integer_t value) { refuse(std::to_string(value)); } // only negative ones
  bool number_float(json::number_float_t, const std::string &text) { refuse(in_quotes(text)); }

  bool number_unsigned(json::number_unsigned_t value) {
    constexpr auto largest_extent = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    if (where_ == place::shape && value <= largest_extent)
      shape_->push_back(static_cast<std::int64_t>(value));
    else if (where_ == place::offsets && offsets_->size() < 2)
      offsets_->push_back(value);
    else
      refuse((where_ == place::offsets ? "a third, " : "") + std::to_string(value));
    return true;
  }

  bool string(std::string &value) {
    if (where_ == place::metadata) {
      if (!header_.metadata.emplace(std::move(key_), std::move(value)).second)
        fail("found the key twice, expected each key once");
    } else if (where_ == place::dtype) {
      type_ = element_type_named(value);
      if (!type_)
        fail("found " + in_quotes(value) + ", expected one of " + known_types(), error_code::unsupported);
      where_ = place::tensor;
    } else {
      refuse("the string " + in_quotes(value));
    }
    return true;
  }

  bool start_object(std::size_t) {
    switch (where_) {
    case place::document:
      where_ = place::top;
      return true;
    case place::metadata_value:
      where_ = place::metadata;
      return true;
    case place::tensor_value:
      where_ = place::tensor;
      return true;
    default:
      refuse("an object");
    }
  }

  bool start_array(std::size_t) {
    switch (where_) {
    case place::shape_value:
      where_ = place::shape;
      return true;
    case place::offsets_value:
      where_ = place::offsets;
      return true;
    default:
      refuse("an array");
    }
  }

  bool key(std::string &name) {
    if (where_ == place::top)
      start_entry(name);
    else if (where_ == place::metadata)
      key_ = std::move(name);
    else
      start_property(name);
    return true;
  }

  bool end_object() {
    if (where_ == place::tensor) finish_tensor();
    where_ = place::top;
    return true;
  }

  bool end_array() {
    if (where_ == place::offsets && offsets_->size() != 2)
      refuse(offsets_->empty() ? "none" : "only " + std::to_string(offsets_->front()));
    where_ = place::tensor;
    return true;
  }

  // `token` ends with the offending byte, and can start long before it.
  bool parse_error(std::size_t position, const std::string &token, const json::exception &) {
    constexpr std::size_t enough = 20;
    const std::string_view end =
        std::string_view(token).substr(token.size() - std::min(token.size(), enough));
    throw error(error_code::corrupt_file, file_name_ + ": found " + in_quotes(end) + " up to byte " +
                                              std::to_string(position) + " of the header, expected JSON");
  }

private:
  void start_entry(std::string &name) {
    const bool is_metadata = name == metadata_key;
    where_ = is_metadata ? place::metadata_value : place::tensor_value;
    if (is_metadata && std::exchange(has_metadata_, true)) fail("found it twice, expected it once");
    name_ = std::move(name);
    type_.reset();
    shape_.reset();
    offsets_.reset();
  }

  void start_property(const std::string &name) {
    bool is_known = true;
    bool is_repeated = false;
    if (name == "dtype") {
      where_ = place::dtype;
      is_repeated = type_.has_value();
    } else if (name == "shape") {
      where_ = place::shape_value;
      is_repeated = shape_.has_value();
      shape_.emplace();
    } else if (name == "data_offsets") {
      where_ = place::offsets_value;
      is_repeated = offsets_.has_value();
      offsets_.emplace();
    } else {
      is_known = false;
    }
    // A property we do not know may change what the others mean (strides, say), so it is not skipped.
    if (!is_known)
      fail("found the property " + in_quotes(name) + ", expected dtype, shape and data_offsets",
           error_code::unsupported);
    if (is_repeated) fail("found it twice, expected it once");
  }

  void finish_tensor() {
    if (!type_ || !shape_ || !offsets_) {
      const char *missing = !type_ ? "dtype" : !shape_ ? "shape" : "data_offsets";
      fail(std::string("found no ") + missing + ", expected dtype, shape and data_offsets");
    }
    header_.entries.push_back(
        {std::move(name_), *type_, std::move(*shape_), offsets_->front(), offsets_->back()});
  }

  std::string subject() const {
    switch (where_) {
    case place::document:
    case place::top:
      return "header";
    case place::metadata_value:
      return "__metadata__";
    case place::metadata:
      return "__metadata__ " + in_quotes(key_);
    case place::dtype:
      return "tensor " + in_quotes(name_) + ": dtype";
    case place::shape_value:
    case place::shape:
      return "tensor " + in_quotes(name_) + ": shape";
    case place::offsets_value:
    case place::offsets:
      return "tensor " + in_quotes(name_) + ": data_offsets";
    default:
      return "tensor " + in_quotes(name_);
    }
  }

  [[noreturn]] void fail(const std::string &what, error_code code = error_code::corrupt_file) const {
    throw error(code, file_name_ + ": " + subject() + ": " + what);
  }

  [[noreturn]] void refuse(const std::string &found) const {
    fail("found " + found + ", expected " + expected_at(where_));
  }

  const std::string &file_name_;
  safetensors_header header_;
  place where_ = place::document;
  bool has_metadata_ = false;
  std::string key_;  // of __metadata__
  std::string name_; // of the tensor
  std::optional<element_type> type_;
  std::optional<std::vector<std::int64_t>> shape_;
  std::optional<std::vector<std::uint64_t>> offsets_;
};

} // namespace

std::string shape_text(std::span<const std::int64_t> shape) {
  constexpr std::size_t most = 8; // a hostile shape can have millions of extents
  std::string text = "[";
  for (std::size_t i = 0; i < std::min(shape.size(), most); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + (shape.size() > most ? ", ...]" : "]");
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 80;
  const std::string start(text.substr(0, longest));
  // The cut may be inside a character, and the text may not have been UTF-8 at all: hence `replace`.
  return json(start).dump(-1, ' ', false, json::error_handler_t::replace) +
         (text.size() > longest ? "..." : "");
}

safetensors_header parse_safetensors_header(std::string_view text, const std::string &file_name) {
  if (!text.starts_with('{'))
    throw error(error_code::corrupt_file, file_name + ": found a header that starts with " +
                                              in_quotes(text.substr(0, 1)) + ", expected '{'");
  // nlohmann takes a zero byte for the end of its input, and would not see what follows.
  const std::size_t zero = text.find('\0');
  if (zero != std::string_view::npos)
    throw error(error_code::corrupt_file, file_name + ": found a zero byte at byte " + std::to_string(zero) +
                                              " of the header, expected JSON padded with spaces");
  header_reader reader(file_name);
  json::sax_parse(text.begin(), text.end(), &reader); // never false: the reader throws instead
  safetensors_header header = std::move(reader).take();
  std::ranges::sort(header.entries, {}, &header_entry::name);
  const auto twin = std::ranges::adjacent_find(header.entries, {}, &header_entry::name);
  if (twin != header.entries.end())
    throw error(error_code::corrupt_file, file_name + ": tensor " + in_quotes(twin->name) +
                                              ": found it twice, expected each name once");
  return header;
}

} // namespace vggen::detail
