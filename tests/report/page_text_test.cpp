// How the page writes texts and numbers, and rounds axes.
#include "vggen/report/axis.hpp"
#include "vggen/report/page_text.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace vggen::detail;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("text is escaped for elements and attributes") {
  CHECK(escaped("a<b>&\"c\"'d'") == "a&lt;b&gt;&amp;&quot;c&quot;&#39;d&#39;");
  CHECK(escaped("größe 日本\t\n") == "größe 日本\t\n");
  CHECK(escaped(std::string_view("\0\x1b[31m\x7f", 7)) == "\ufffd\ufffd[31m\ufffd");
  CHECK(escaped("") == "");
}

TEST_CASE("numbers") {
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(1000) == "1,000");
  CHECK(count_text(-1234567) == "-1,234,567");
  CHECK(count_text(-123) == "-123");
  CHECK(count_text(INT64_MIN) == "-9,223,372,036,854,775,808");
  CHECK(fixed_text(0.125, 1) == "0.1");
  CHECK(fixed_text(-2, 2) == "-2.00");
  CHECK(fixed_text(1.7976931348623157e308, 2).size() == 309 + 3);
  CHECK(short_text(0.00123456, 3) == "0.00123");
  CHECK(short_text(1234.5, 3) == "1234");
  CHECK(short_text(2.302585, 4) == "2.303");
  CHECK(short_text(4.5e-7, 3) == "4.5e-7");
  CHECK(short_text(1e-5, 3) == "1e-5");
  CHECK(short_text(-3.25e20, 3) == "-3.25e20");
  CHECK(short_text(1e20, 1) == "1e20");
  CHECK(short_text(5e-324, 2) == "4.9e-324");
  CHECK(short_text(0, 3) == "0");
  CHECK(round_text(0.05, 3) == "0.05");
  CHECK(round_text(100, 3) == "100");
  CHECK(round_text(2, 3) == "2");
  CHECK(percent_text(0.93456, 1) == "93.5%");
  CHECK(percent_text(1, 0) == "100%");
  CHECK(rate_text(45.12) == "45.1");
  CHECK(rate_text(4511.7) == "4,512");
  for (const auto &text : {fixed_text(nan, 1), short_text(nan, 3), round_text(nan, 3), percent_text(nan, 1)})
    CHECK(text == "–");
  CHECK(short_text(infinity, 3) == "∞");
  CHECK(percent_text(-infinity, 1) == "−∞");
}

TEST_CASE("durations") {
  CHECK(duration_text(0.5) == "0.50 s");
  CHECK(duration_text(45.31) == "45.3 s");
  CHECK(duration_text(725) == "12 min 5 s");
  CHECK(duration_text(3600 * 3 + 60 * 12 + 7) == "3 h 12 min");
  CHECK(duration_text(nan) == "– s");
  CHECK(duration_text(1e300) == "1e300 s");
}

TEST_CASE("classes have names or numbers") {
  const std::vector<std::string> names = {"cat"};
  CHECK(class_name(names, 0) == "cat");
  CHECK(class_name(names, 1) == "1");
  CHECK(class_name(names, -1) == "-1");
}

TEST_CASE("base64 is that of RFC 4648") {
  const auto of = [](std::string_view text) { return base64(std::as_bytes(std::span(text))); };
  CHECK(of("") == "");
  CHECK(of("f") == "Zg==");
  CHECK(of("fo") == "Zm8=");
  CHECK(of("foo") == "Zm9v");
  CHECK(of("foobar") == "Zm9vYmFy");
  CHECK(of("\xfb\xff\xfe") == "+//+");
}

// An axis that can be drawn on: finite, ascending, few ticks, all within it.
void check_axis(const axis &found, double low, double high) {
  INFO("from " << low << " to " << high);
  CHECK(std::isfinite(found.low));
  CHECK(std::isfinite(found.high));
  CHECK(found.low < found.high);
  CHECK(found.position(low) >= -1e-6);
  CHECK(found.position(high) <= 1 + 1e-6);
  REQUIRE(found.ticks.size() >= 1);
  CHECK(found.ticks.size() <= 20);
  for (std::size_t i = 0; i < found.ticks.size(); ++i) {
    CHECK(found.position(found.ticks[i]) >= -1e-6);
    CHECK(found.position(found.ticks[i]) <= 1 + 1e-6);
    if (i > 0) CHECK(found.ticks[i] > found.ticks[i - 1]);
  }
}

TEST_CASE("ticks are round") {
  CHECK(linear_axis(0.1, 2.3).ticks == std::vector<double>{0, 0.5, 1, 1.5, 2, 2.5});
  CHECK(linear_axis(90, 99).ticks == std::vector<double>{90, 92, 94, 96, 98, 100});
  CHECK(!std::signbit(linear_axis(0.1, 2.3).ticks[0]));
  CHECK(exact_axis(1, 60).ticks == std::vector<double>{10, 20, 30, 40, 50, 60});
  CHECK(exact_axis(1, 3).ticks == std::vector<double>{1, 2, 3});
  CHECK(exact_axis(7, 7).ticks == std::vector<double>{7});
  const axis decades = logarithmic_axis(2e-5, 0.1);
  REQUIRE(decades.ticks.size() == 5);
  CHECK(decades.ticks.front() == doctest::Approx(1e-5));
  CHECK(decades.ticks.back() == doctest::Approx(0.1));
  const axis fine = logarithmic_axis(0.03, 0.1);
  REQUIRE(fine.ticks.size() == 3);
  CHECK(fine.ticks.front() == doctest::Approx(0.02));
}

TEST_CASE("every range has an axis") {
  const std::vector<double> values = {-1e100, -5,   -1e-300, 0,    5e-324, 1e-100, 1e-9, 0.1,
                                      0.3,    0.99, 1,       1.01, 7,      123456, 1e17, 1e100};
  for (const double low : values)
    for (const double high : values) {
      if (low > high) continue;
      check_axis(linear_axis(low, high), low, high);
      if (low >= 1e-100) check_axis(logarithmic_axis(low, high), low, high);
    }
  for (const double close : {0.1, 1., 3e7})
    check_axis(linear_axis(close, std::nextafter(close, infinity)), close, close);
}

} // namespace
