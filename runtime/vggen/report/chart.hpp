// Curves as SVG, with axes, and a readout under the pointer that needs no script.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace vggen::detail {

enum class quantity { loss, accuracy, learning_rate, speed };

struct curve {
  std::string name;
  std::vector<double> values; // one a point of the chart
  bool optional = false;      // NaN means not measured, rather than something to warn of
};

struct chart {
  std::string title;
  quantity kind = quantity::loss;
  std::string x_name;                   // "epoch"
  std::vector<double> x;                // ascending
  std::vector<std::string> point_names; // one a point: "epoch 3, step 1200"
  std::vector<curve> curves;            // at most two
};

/// Returns the chart as a <figure>; nothing if no curve has a value, not even an infinite one. Curves break
/// where a value cannot be drawn (it is not finite, or beyond 1e100, or not above 0 on a logarithmic axis),
/// and a note says where. Learning rates have a logarithmic axis, losses too if they span more than three
/// decades.
[[nodiscard]] std::string chart_figure(const chart &data);

} // namespace vggen::detail
