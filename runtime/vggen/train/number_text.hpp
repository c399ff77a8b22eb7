// Numbers as messages and descriptions have them.
#pragma once

#include <array>
#include <charconv>
#include <string>

namespace vggen::detail {

/// The shortest text that reads back as the number, whatever the locale: 0.01, 1e-04.
inline std::string number_text(double number) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

} // namespace vggen::detail
