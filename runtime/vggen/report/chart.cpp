// Geometry and marks of charts. Colours and strokes are the page's style sheet's.
#include "vggen/report/chart.hpp"

#include "vggen/report/axis.hpp"
#include "vggen/report/page_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace vggen::detail {
namespace {

// In units of the picture; the page scales it.
constexpr double width = 540, height = 290;
constexpr double left = 58, right = width - 14, top = 30, bottom = height - 38;

constexpr double smallest_drawn = 1e-100;  // on logarithmic axes
constexpr double largest_drawn = 1e100;    // differences and squares of drawn values are finite
constexpr std::size_t most_readouts = 500; // each takes half a kilobyte of the page
constexpr std::array<const char *, 2> style = {"a", "b"};

std::string value_text(quantity kind, double value) {
  switch (kind) {
  case quantity::accuracy:
    return percent_text(value, 2);
  case quantity::speed:
    return rate_text(value);
  case quantity::learning_rate:
    return round_text(value, 3);
  case quantity::loss:
    break;
  }
  return short_text(value, 4);
}

std::string tick_text(quantity kind, const axis &scale, double tick) {
  if (scale.logarithmic) return short_text(tick, 1);
  const double factor = kind == quantity::accuracy ? 100 : 1;
  const int decimals = static_cast<int>(std::max(0., -std::floor(std::log10(scale.step * factor) + 1e-9)));
  const std::string unit = kind == quantity::accuracy ? "%" : "";
  if (decimals > 5 || std::fabs(tick) * factor > 1e9) return short_text(tick * factor, 3) + unit;
  if (decimals > 0) return fixed_text(tick * factor, decimals) + unit;
  return count_text(std::llround(tick * factor)) + unit;
}

struct drawing {
  const chart &data;
  axis x, y;

  [[nodiscard]] bool drawn(double value) const {
    return std::fabs(value) <= largest_drawn && (!y.logarithmic || value >= smallest_drawn); // false for NaN
  }
  [[nodiscard]] double x_at(std::size_t point) const {
    return left + (right - left) * x.position(data.x[point]);
  }
  [[nodiscard]] double y_at(double value) const { return bottom - (bottom - top) * y.position(value); }
};

std::string at(double number) { return fixed_text(number, 1); }

std::optional<axis> y_axis(const chart &data) {
  double low = std::numeric_limits<double>::infinity(), high = -low, positive = low;
  for (const curve &line : data.curves)
    for (const double value : line.values)
      if (std::fabs(value) <= largest_drawn) {
        low = std::min(low, value);
        high = std::max(high, value);
        if (value >= smallest_drawn) positive = std::min(positive, value);
      }
  const bool logarithmic = data.kind == quantity::learning_rate ||
                           (data.kind == quantity::loss && low >= smallest_drawn && high > 1000 * low);
  if (logarithmic && positive <= high) return logarithmic_axis(positive, high);
  if (logarithmic || low > high) return std::nullopt; // nothing that could be drawn
  return linear_axis(data.kind == quantity::speed || data.x.size() == 1 ? std::min(low, 0.) : low, high);
}

std::string axes(const drawing &area) {
  std::string svg = "<g class=\"grid\">";
  for (const double tick : area.y.ticks) {
    const std::string y = at(area.y_at(tick));
    svg += "<line x1=\"" + at(left) + "\" x2=\"" + at(right) + "\" y1=\"" + y + "\" y2=\"" + y + "\"/>";
  }
  svg += "</g><g class=\"axis\"><line x1=\"" + at(left) + "\" x2=\"" + at(right) + "\" y1=\"" + at(bottom) +
         "\" y2=\"" + at(bottom) + "\"/>";
  for (const double tick : area.y.ticks)
    svg += "<text class=\"y\" x=\"" + at(left - 8) + "\" y=\"" + at(area.y_at(tick) + 4) + "\">" +
           tick_text(area.data.kind, area.y, tick) + "</text>";
  for (const double tick : area.x.ticks) {
    const std::string x = at(left + (right - left) * area.x.position(tick));
    svg += "<line x1=\"" + x + "\" x2=\"" + x + "\" y1=\"" + at(bottom) + "\" y2=\"" + at(bottom + 4) +
           "\"/><text class=\"x\" x=\"" + x + "\" y=\"" + at(bottom + 18) + "\">" +
           count_text(std::llround(tick)) + "</text>";
  }
  return svg + "<text class=\"x name\" x=\"" + at((left + right) / 2) + "\" y=\"" + at(height - 3) + "\">" +
         escaped(area.data.x_name) + "</text></g>";
}

// One path of all stretches that can be drawn; points that stand alone are circles.
std::string line_of(const drawing &area, const curve &line, const char *name) {
  std::string path, lone;
  for (std::size_t i = 0; i < line.values.size(); ++i) {
    if (!area.drawn(line.values[i])) continue;
    const bool joined = i > 0 && area.drawn(line.values[i - 1]);
    const bool goes_on = i + 1 < line.values.size() && area.drawn(line.values[i + 1]);
    const std::string x = at(area.x_at(i)), y = at(area.y_at(line.values[i]));
    if (joined || goes_on)
      path += (joined ? "L" : "M") + x + " " + y;
    else
      lone += std::string("<circle class=\"") + name + "\" r=\"4\" cx=\"" + x + "\" cy=\"" + y + "\"/>";
  }
  if (path.empty()) return lone;
  return std::string("<path class=\"") + name + "\" d=\"" + path + "\"/>" + lone;
}

// A ring around the best value of a curve of validation.
std::string best_of(const drawing &area, const curve &line, const char *name) {
  const bool least = area.data.kind == quantity::loss;
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < line.values.size(); ++i)
    if (area.drawn(line.values[i]) &&
        (!best || (least ? line.values[i] < line.values[*best] : line.values[i] > line.values[*best])))
      best = i;
  if (!best) return "";
  return std::string("<circle class=\"best ") + name + "\" r=\"5\" cx=\"" + at(area.x_at(*best)) +
         "\" cy=\"" + at(area.y_at(line.values[*best])) + "\"/>";
}

std::string readout_text(const drawing &area, std::size_t point) {
  std::string svg =
      "<text class=\"readout\" x=\"" + at(right) + "\" y=\"16\">" + escaped(area.data.point_names[point]);
  for (std::size_t c = 0; c < area.data.curves.size(); ++c)
    svg += std::string("<tspan class=\"") + style[c] + "\" dx=\"12\">" +
           value_text(area.data.kind, area.data.curves[c].values[point]) + "</tspan>";
  return svg + "</text>";
}

// What appears while the pointer is over the point's column.
std::string readout(const drawing &area, std::size_t point, double from, double to) {
  std::string title = area.data.point_names[point], marks;
  const std::string x = at(area.x_at(point));
  for (std::size_t c = 0; c < area.data.curves.size(); ++c) {
    const curve &line = area.data.curves[c];
    title += "\n" + line.name + " " + value_text(area.data.kind, line.values[point]);
    if (area.drawn(line.values[point]))
      marks += std::string("<circle class=\"") + style[c] + "\" r=\"3.5\" cx=\"" + x + "\" cy=\"" +
               at(area.y_at(line.values[point])) + "\"/>";
  }
  return "<g class=\"point\"><title>" + escaped(title) + "</title><rect x=\"" + at(from) +
         "\" y=\"0\" width=\"" + at(to - from) + "\" height=\"" + at(bottom) + "\"/><line x1=\"" + x +
         "\" x2=\"" + x + "\" y1=\"" + at(top) + "\" y2=\"" + at(bottom) + "\"/>" + marks +
         readout_text(area, point) + "</g>";
}

std::string readouts(const drawing &area) {
  const std::size_t points = area.data.x.size(), every = (points + most_readouts - 1) / most_readouts;
  std::vector<std::size_t> shown;
  for (std::size_t i = (points - 1) % every; i < points; i += every) // the last one always
    shown.push_back(i);
  std::string svg = "<g class=\"points\">";
  double from = left;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const double to = i + 1 < shown.size() ? (area.x_at(shown[i]) + area.x_at(shown[i + 1])) / 2 : right;
    svg += readout(area, shown[i], from, to);
    from = to;
  }
  return svg + "</g><g class=\"last\">" + readout_text(area, points - 1) + "</g>";
}

// "3, 5–9": the points of `values` that are missing from the drawing.
std::string places(const chart &data, const std::vector<std::size_t> &points) {
  constexpr std::size_t most_ranges = 6;
  std::string text;
  std::size_t ranges = 0;
  for (std::size_t i = 0; i < points.size(); ++ranges) {
    std::size_t end = i;
    while (end + 1 < points.size() && points[end + 1] == points[end] + 1)
      ++end;
    if (ranges == most_ranges) return text + " …";
    text += (i > 0 ? ", " : "") + count_text(std::llround(data.x[points[i]]));
    if (end > i) text += "–" + count_text(std::llround(data.x[points[end]]));
    i = end + 1;
  }
  return text;
}

std::string notes(const chart &data) {
  std::string html;
  for (const curve &line : data.curves) {
    std::vector<std::size_t> not_finite, not_positive;
    for (std::size_t i = 0; i < line.values.size(); ++i) {
      const double value = line.values[i];
      if (std::isnan(value) ? !line.optional : std::fabs(value) > largest_drawn)
        not_finite.push_back(i);
      else if (data.kind == quantity::learning_rate && value < smallest_drawn)
        not_positive.push_back(i);
    }
    const auto note = [&](const char *what, const std::vector<std::size_t> &points) {
      if (!points.empty())
        html += "<p class=\"note\">" + escaped(line.name) + " is " + what + " at " + escaped(data.x_name) +
                " " + places(data, points) + ".</p>";
    };
    note("not finite", not_finite);
    note("not above 0", not_positive);
  }
  return html;
}

bool has_value(const curve &line) {
  return std::ranges::any_of(line.values, [](double value) { return !std::isnan(value); });
}

} // namespace

std::string chart_figure(const chart &whole) {
  chart data = whole;
  std::erase_if(data.curves, [](const curve &line) { return line.optional && !has_value(line); });
  if (std::ranges::none_of(data.curves, has_value) && data.kind != quantity::loss) return "";
  if (data.curves.empty() || data.x.empty()) return "";
  std::string html = "<figure class=\"chart\"><figcaption><h3>" + escaped(data.title) + "</h3>";
  for (std::size_t c = 0; c < data.curves.size() && data.curves.size() > 1; ++c)
    html += std::string("<span class=\"key ") + style[c] + "\">" + escaped(data.curves[c].name) + "</span>";
  html += "</figcaption>";
  if (const std::optional<axis> y = y_axis(data)) {
    const drawing area{data, exact_axis(data.x.front(), data.x.back()), *y};
    html += "<svg viewBox=\"0 0 " + at(width) + " " + at(height) + "\" role=\"img\" aria-label=\"" +
            escaped(data.title + " by " + data.x_name) + "\">" + axes(area);
    for (std::size_t c = 0; c < data.curves.size(); ++c)
      html += line_of(area, data.curves[c], style[c]);
    if (data.x.size() > 1 && (data.kind == quantity::loss || data.kind == quantity::accuracy))
      html += best_of(area, data.curves.back(), style[data.curves.size() - 1]);
    html += readouts(area) + "</svg>";
  }
  return html + notes(data) + "</figure>";
}

} // namespace vggen::detail
