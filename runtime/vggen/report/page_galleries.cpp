// Grids of pictures: images that were classified wrongly, filters of the first layer.
#include "vggen/io/mosaic.hpp"
#include "vggen/io/resize.hpp"
#include "vggen/io/value_pictures.hpp"
#include "vggen/report/page_pictures.hpp"
#include "vggen/report/page_sections.hpp"
#include "vggen/report/page_text.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace vggen::detail {
namespace {

constexpr std::size_t most_images = 60;
constexpr int most_filters = 256;
constexpr int largest_side = 256; // larger pictures are shrunk: they are shown at half of it
constexpr int small_side = 100;   // up to here pixels are shown as squares
constexpr int filter_side = 60;

image thumbnail(const image &picture) {
  const int side = std::max(picture.height, picture.width);
  if (side <= largest_side) return picture;
  const auto scaled = [&](int extent) {
    return std::max(1, static_cast<int>(std::int64_t{extent} * largest_side / side));
  };
  return resize(picture, scaled(picture.height), scaled(picture.width));
}

std::string filter(const training_report &report, int output, int input, bool coloured) {
  const filter_bank &bank = report.first_layer;
  const auto area = static_cast<std::size_t>(bank.height) * static_cast<std::size_t>(bank.width);
  const std::size_t first = static_cast<std::size_t>(output) * static_cast<std::size_t>(bank.inputs) +
                            static_cast<std::size_t>(input);
  const auto weights = std::span(bank.weights).subspan(first * area, coloured ? 3 * area : area);
  const image picture = filter_picture(weights, bank.height, bank.width, bank.reverse_channels);
  const int factor = std::max(1, filter_side / std::max(bank.height, bank.width));
  std::string name = "filter " + std::to_string(output);
  if (!coloured && bank.inputs > 1) name += ", input " + std::to_string(input);
  return "<img alt=\"" + name + "\" title=\"" + name + ": weights up to ±" +
         short_text(largest_magnitude(weights), 3) + "\" src=\"" + data_url(magnified(picture, factor)) +
         "\">";
}

} // namespace

std::string wrong_images_section(const training_report &report) {
  if (report.most_wrong.empty()) return "";
  std::string html =
      "<section><h2>Most wrongly classified</h2><p>What the network said, how sure it was, and what "
      "the picture shows.</p><ul class=\"pictures\">";
  for (const wrong_image &wrong :
       std::span(report.most_wrong).first(std::min(most_images, report.most_wrong.size()))) {
    const image shown = thumbnail(wrong.picture);
    const std::string predicted = escaped(class_name(report.class_names, wrong.predicted_class)),
                      truth = escaped(class_name(report.class_names, wrong.true_class));
    html += std::string("<li><img") +
            (std::max(shown.height, shown.width) <= small_side ? " class=\"small\"" : "") + " alt=\"" +
            truth + "\" src=\"" + data_url(shown) + "\"><p><b>" + predicted + "</b> " +
            percent_text(wrong.probability, 1) + "<br><span>is " + truth + "</span></p></li>";
  }
  return html + "</ul></section>\n";
}

std::string filters_section(const training_report &report) {
  const filter_bank &bank = report.first_layer;
  if (bank.weights.empty()) return "";
  const bool coloured = bank.inputs == 3;
  const int inputs = coloured ? 1 : bank.inputs, all = bank.outputs * inputs,
            shown = std::min(all, most_filters);
  std::string html = "<section><h2>Filters of the first layer</h2><p>";
  html += shown < all ? "The first " + count_text(shown) + " of " + count_text(all) : count_text(all);
  html += (all == 1 ? " filter" : " filters") + std::string(" of ") + std::to_string(bank.height) + " × " +
          std::to_string(bank.width) + (coloured ? ", its three inputs as red, green and blue" : "") +
          ". Mid-grey is zero; each is scaled by its largest weight.</p><div class=\"filters\">";
  for (int i = 0; i < shown; ++i)
    html += filter(report, i / inputs, i % inputs, coloured);
  return html + "</div></section>\n";
}

} // namespace vggen::detail
