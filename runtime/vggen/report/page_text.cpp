// Text and numbers of the page.
#include "vggen/report/page_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

namespace vggen::detail {
namespace {

std::string of_format(double number, std::chars_format format, int precision) {
  std::array<char, 400> text; // the largest double has 309 digits before its point
  const auto [end, problem] =
      std::to_chars(text.data(), text.data() + text.size(), number, format, precision);
  return problem == std::errc() ? std::string(text.data(), end) : "…";
}

std::string not_finite(double number) { return std::isnan(number) ? "–" : number > 0 ? "∞" : "−∞"; }

// "1.230e-07" is 1.23e-7
std::string scientific(double number, int digits) {
  const std::string text = of_format(number, std::chars_format::scientific, digits - 1);
  const std::size_t e = text.find('e');
  std::string mantissa = text.substr(0, e);
  if (mantissa.find('.') != std::string::npos) {
    mantissa.resize(mantissa.find_last_not_of('0') + 1);
    if (mantissa.back() == '.') mantissa.pop_back();
  }
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);
  return mantissa + "e" + std::to_string(exponent);
}

} // namespace

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else if (c == '\'')
      result += "&#39;";
    else if ((code < 0x20 && c != '\t' && c != '\n') || code == 0x7f)
      result += "\ufffd";
    else
      result += c;
  }
  return result;
}

std::string count_text(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;)
    text.insert(at -= 3, ",");
  return text;
}

std::string fixed_text(double number, int decimals) {
  if (!std::isfinite(number)) return not_finite(number);
  return of_format(number, std::chars_format::fixed, decimals);
}

std::string short_text(double number, int digits) {
  if (!std::isfinite(number)) return not_finite(number);
  if (number == 0) return "0";
  const int exponent = static_cast<int>(std::floor(std::log10(std::fabs(number))));
  if (exponent < -4 || exponent > 6) return scientific(number, digits);
  return of_format(number, std::chars_format::fixed, std::max(0, digits - 1 - exponent));
}

std::string round_text(double number, int digits) {
  std::string text = short_text(number, digits);
  if (text.find('.') == std::string::npos || text.find('e') != std::string::npos) return text;
  text.resize(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string percent_text(double share, int decimals) {
  return std::isfinite(share) ? fixed_text(share * 100, decimals) + "%" : not_finite(share);
}

std::string rate_text(double rate) {
  return rate >= 1000 && rate < 1e15 ? count_text(std::llround(rate)) : short_text(rate, 3);
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e12) return short_text(seconds, 3) + " s";
  if (seconds < 100) return fixed_text(seconds, seconds < 10 ? 2 : 1) + " s";
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return count_text(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

std::string class_name(const std::vector<std::string> &names, int c) {
  if (c >= 0 && static_cast<std::size_t>(c) < names.size()) return names[static_cast<std::size_t>(c)];
  return std::to_string(c);
}

std::string base64(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t given = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < given ? std::to_integer<std::uint32_t>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      text += j <= given ? digits[group >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

} // namespace vggen::detail
