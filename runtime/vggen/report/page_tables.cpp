// Tables: confusions, measures of classes, the network, the options.
#include "vggen/io/mosaic.hpp"
#include "vggen/report/page_pictures.hpp"
#include "vggen/report/page_sections.hpp"
#include "vggen/report/page_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace vggen::detail {
namespace {

constexpr int most_classes_with_shares = 16; // in the cells of the confusion matrix
constexpr int most_classes_in_cells = 32;    // of more, the matrix is a picture
constexpr int most_classes_in_picture = 2048;
constexpr std::size_t most_confusions = 20;
constexpr int picture_side = 640; // about

double share_of(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// `s` for the style sheet, which does its own multiplying.
std::string style_share(double share) { return " style=\"--s:" + fixed_text(share, 3) + "\""; }

std::string number_cell(const std::string &html) { return "<td class=\"number\">" + html + "</td>"; }

std::string share_cell(double share) {
  if (std::isnan(share)) return number_cell("–");
  return "<td class=\"share\"" + style_share(share) + "><i></i>" + percent_text(share, 1) + "</td>";
}

std::string confusion_cell(const training_report &report, const confusion_matrix &matrix, int truth,
                           int predicted, std::int64_t of) {
  const std::int64_t count = matrix.count(truth, predicted);
  if (count == 0) return "<td class=\"none\">0</td>";
  const double share = share_of(count, of);
  const bool right = truth == predicted;
  const double strength = right ? share : wrong_strength(share);
  std::string html = std::string("<td class=\"") + (right ? "hit" : "miss") +
                     (right && strength > 0.8 ? " full\"" : "\"") + style_share(strength) + " title=\"" +
                     escaped(class_name(report.class_names, truth)) + " → " +
                     escaped(class_name(report.class_names, predicted)) + ": " + count_text(count) + " of " +
                     count_text(of) + ", " + percent_text(share, 2) + "\">" + count_text(count);
  if (matrix.classes() <= most_classes_with_shares) html += "<small>" + percent_text(share, 1) + "</small>";
  return html + "</td>";
}

std::string confusion_cells(const training_report &report, const confusion_matrix &matrix) {
  const bool dense = matrix.classes() > most_classes_with_shares;
  std::string html = std::string("<div class=\"wide\"><table class=\"") + (dense ? "dense " : "") +
                     "confusion\"><thead><tr><th class=\"corner\">true ↓ &nbsp;predicted →</th>";
  for (int c = 0; c < matrix.classes(); ++c)
    html += "<th scope=\"col\"><span>" + escaped(class_name(report.class_names, c)) + "</span></th>";
  html += "</tr></thead><tbody>";
  for (int truth = 0; truth < matrix.classes(); ++truth) {
    const std::int64_t images = matrix.images_of(truth);
    html += "<tr><th scope=\"row\">" + escaped(class_name(report.class_names, truth)) + "</th>";
    for (int predicted = 0; predicted < matrix.classes(); ++predicted)
      html += confusion_cell(report, matrix, truth, predicted, images);
    html += "</tr>";
  }
  return html + "</tbody></table></div>";
}

struct confusion {
  std::int64_t count;
  int truth, predicted;
};

std::vector<confusion> most_frequent(const confusion_matrix &matrix) {
  std::vector<confusion> all;
  for (int truth = 0; truth < matrix.classes(); ++truth)
    for (int predicted = 0; predicted < matrix.classes(); ++predicted)
      if (truth != predicted && matrix.count(truth, predicted) > 0)
        all.push_back({matrix.count(truth, predicted), truth, predicted});
  const auto shown = all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), most_confusions));
  std::ranges::partial_sort(all, shown, [](const confusion &a, const confusion &b) {
    return std::array<std::int64_t, 3>{-a.count, a.truth, a.predicted} <
           std::array<std::int64_t, 3>{-b.count, b.truth, b.predicted};
  });
  all.erase(shown, all.end());
  return all;
}

std::string confusion_list(const training_report &report, const confusion_matrix &matrix) {
  const std::vector<confusion> frequent = most_frequent(matrix);
  if (frequent.empty()) return "";
  std::string html =
      "<div><h3>Most frequent confusions</h3><table class=\"list\"><thead><tr><th>true</th>"
      "<th>predicted</th><th class=\"number\">images</th><th class=\"number\">of its class</th>"
      "</tr></thead><tbody>";
  for (const auto &[count, truth, predicted] : frequent)
    html += "<tr><td>" + escaped(class_name(report.class_names, truth)) + "</td><td>" +
            escaped(class_name(report.class_names, predicted)) + "</td>" + number_cell(count_text(count)) +
            number_cell(percent_text(share_of(count, matrix.images_of(truth)), 1)) + "</tr>";
  return html + "</tbody></table></div>";
}

std::string confusion_as_picture(const training_report &report, const confusion_matrix &matrix) {
  std::string html = "<div class=\"beside\">";
  if (matrix.classes() <= most_classes_in_picture) {
    const int factor = std::max(1, picture_side / matrix.classes());
    const std::string side = std::to_string(factor * matrix.classes());
    html += "<img class=\"heat\" width=\"" + side + "\" alt=\"The confusion matrix as a picture\" src=\"" +
            data_url(magnified(confusion_picture(matrix), factor)) + "\">";
  }
  return html + confusion_list(report, matrix) + "</div>";
}

// The mean of a measure over the classes that have it.
double mean(const confusion_matrix &matrix, double (confusion_matrix::*measure)(int) const noexcept) {
  double sum = 0, count = 0;
  for (int c = 0; c < matrix.classes(); ++c) {
    const double value = (matrix.*measure)(c);
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return sum / count; // NaN of none
}

std::string cell(const std::string &text) { return "<td>" + escaped(text) + "</td>"; }

std::string code_cell(const std::string &text) { return "<td><code>" + escaped(text) + "</code></td>"; }

} // namespace

std::string confusion_section(const training_report &report, const confusion_matrix &matrix) {
  const bool cells = matrix.classes() <= most_classes_in_cells;
  std::string html = "<section><h2>Confusion matrix</h2><p>" + count_text(matrix.images()) + " images";
  if (!report.confusion_of.empty()) html += " of " + escaped(report.confusion_of);
  if (matrix.images() > 0) html += ", " + percent_text(matrix.accuracy(), 2) + " of them predicted right";
  html +=
      cells ? ". Each row is a true class; " : ". Each row is a true class, each column a predicted one; ";
  html += "colours show shares of the row: blue what was predicted right, orange what was not.</p>";
  return html + (cells ? confusion_cells(report, matrix) : confusion_as_picture(report, matrix)) +
         "</section>\n";
}

std::string classes_section(const training_report &report, const confusion_matrix &matrix) {
  const bool long_table = matrix.classes() > most_classes_in_cells;
  std::string html =
      std::string("<section><h2>Classes</h2><p>Precision: of the images predicted to be of a class, "
                  "the share that is. Recall: of the images of a class, the share predicted to be. "
                  "F1: their harmonic mean.</p><div class=\"") +
      (long_table ? "tall" : "wide") +
      "\"><table class=\"list\"><thead><tr><th>class</th><th class=\"number\">images</th><th "
      "class=\"number\">precision</th><th class=\"number\">recall</th><th class=\"number\">F1</th>"
      "</tr></thead><tbody>";
  for (int c = 0; c < matrix.classes(); ++c)
    html += "<tr><th scope=\"row\">" + escaped(class_name(report.class_names, c)) + "</th>" +
            number_cell(count_text(matrix.images_of(c))) + share_cell(matrix.precision(c)) +
            share_cell(matrix.recall(c)) + share_cell(matrix.f1(c)) + "</tr>";
  html += "</tbody>";
  if (matrix.classes() > 1)
    html += "<tfoot><tr><th scope=\"row\">mean</th>" + number_cell(count_text(matrix.images())) +
            share_cell(mean(matrix, &confusion_matrix::precision)) +
            share_cell(mean(matrix, &confusion_matrix::recall)) +
            share_cell(mean(matrix, &confusion_matrix::f1)) + "</tr></tfoot>";
  return html + "</table></div></section>\n";
}

std::string network_section(const training_report &report) {
  if (report.network.empty()) return "";
  std::string html =
      "<section><h2>Network</h2><div class=\"wide\"><table class=\"list\"><thead><tr>"
      "<th class=\"number\">#</th><th>layer</th><th>output</th><th class=\"number\">parameters</th>"
      "<th class=\"number\">multiply-adds</th><th>kernel</th><th>schedule</th></tr></thead><tbody>";
  for (const network_row &row : report.network)
    html += (row.index.empty() ? "<tr class=\"sum\">" : "<tr>") + number_cell(escaped(row.index)) +
            cell(row.layer) + cell(row.output_shape) + number_cell(escaped(row.parameters)) +
            number_cell(escaped(row.multiply_adds)) + code_cell(row.kernel) + code_cell(row.schedule) +
            "</tr>";
  return html + "</tbody></table></div></section>\n";
}

std::string options_section(const training_report &report) {
  if (report.options.empty()) return "";
  std::string html = "<section><h2>Options</h2><dl class=\"options\">";
  for (const run_option &option : report.options)
    html +=
        "<div><dt>" + escaped(option.name) + "</dt><dd><code>" + escaped(option.value) + "</code></dd></div>";
  return html + "</dl></section>\n";
}

} // namespace vggen::detail
