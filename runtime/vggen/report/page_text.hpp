// How the page writes texts and numbers. Nothing depends on the program's locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vggen::detail {

/// Returns `text` as the content of an element or of a quoted attribute. Control characters, which HTML has
/// no place for, become U+FFFD; tabs and line breaks stay.
[[nodiscard]] std::string escaped(std::string_view text);

/// "1,234,567"
[[nodiscard]] std::string count_text(std::int64_t number);

/// `number` with so many decimals, "–" for NaN, "∞" and "−∞"; "0.50".
[[nodiscard]] std::string fixed_text(double number, int decimals);

/// `number` with so many significant digits, and a power of ten where it is very large or small: "0.00123",
/// "4.5e-7"; else as fixed_text.
[[nodiscard]] std::string short_text(double number, int digits);

/// As short_text, without zeros at the end: "0.05".
[[nodiscard]] std::string round_text(double number, int digits);

/// `share` of 1 with so many decimals: "93.4%".
[[nodiscard]] std::string percent_text(double share, int decimals);

/// Things a second: "4,512", "45.1".
[[nodiscard]] std::string rate_text(double rate);

/// "45.3 s", "12 min 5 s", "3 h 12 min".
[[nodiscard]] std::string duration_text(double seconds);

/// The name of class `c`: that of `names`, else its number.
[[nodiscard]] std::string class_name(const std::vector<std::string> &names, int c);

[[nodiscard]] std::string base64(std::span<const std::byte> bytes);

} // namespace vggen::detail
