// Checks of numbers on the command line, whose messages say what was found and what is expected.
#pragma once

#include <CLI/CLI.hpp>

#include <charconv>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>

namespace vggen {

namespace detail {

// `fits` is asked of the option's whole text read as a Number.
template <class Number, std::predicate<Number> Fits>
CLI::Validator number_check(const std::string &expected, Fits fits) {
  return {[=](const std::string &text) {
            Number number{};
            const char *const end = text.data() + text.size();
            const auto [read, failed] = std::from_chars(text.data(), end, number);
            return failed == std::errc() && read == end && fits(number)
                       ? std::string()
                       : "found " + text + ", expected " + expected;
          },
          ""};
}

} // namespace detail

inline CLI::Validator whole_number(int least, int most = std::numeric_limits<int>::max()) {
  return detail::number_check<int>(most == std::numeric_limits<int>::max()
                                       ? "a whole number of at least " + std::to_string(least)
                                       : "a whole number from " + std::to_string(least) + " to " +
                                             std::to_string(most),
                                   [=](int n) { return n >= least && n <= most; });
}

inline CLI::Validator thread_count() { return whole_number(1, 256); }

/// Also what "-1" is not, which CLI11 takes for 2^64 - 1.
inline CLI::Validator seed_number() {
  return detail::number_check<std::uint64_t>("a whole number from 0 to 2^64 - 1",
                                             [](std::uint64_t) { return true; });
}

inline CLI::Validator number_above_zero() {
  return detail::number_check<double>("a number above 0", [](double x) { return x > 0 && x < 1e30; });
}

inline CLI::Validator number_from_zero() {
  return detail::number_check<double>("a number of at least 0", [](double x) { return x >= 0 && x < 1e30; });
}

inline CLI::Validator factor_below_one() {
  return detail::number_check<double>("a number above 0 and below 1",
                                      [](double x) { return x > 0 && x < 1; });
}

/// At least 0 and below 1.
inline CLI::Validator share_below_one() {
  return detail::number_check<double>("a number from 0 to below 1", [](double x) { return x >= 0 && x < 1; });
}

} // namespace vggen
