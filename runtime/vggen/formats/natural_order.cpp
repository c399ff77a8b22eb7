#include "vggen/formats/natural_order.hpp"

#include <algorithm>
#include <cstddef>

namespace vggen::detail {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The number at the start of a text, without zeros in front; it is taken off.
std::string_view take_number(std::string_view &text) {
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length]))
    ++length;
  const std::string_view number = text.substr(0, length);
  text.remove_prefix(length);
  return number;
}

} // namespace

bool comes_before(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      const std::string_view x = take_number(a), y = take_number(b);
      if (x != y) return x.size() != y.size() ? x.size() < y.size() : x < y;
    } else {
      if (a.front() != b.front()) return a.front() < b.front();
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return a.size() < b.size();
}

} // namespace vggen::detail
