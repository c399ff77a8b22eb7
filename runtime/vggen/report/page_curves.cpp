// What the epochs' records tell: the summary and the curves.
#include "vggen/report/chart.hpp"
#include "vggen/report/page_sections.hpp"
#include "vggen/report/page_text.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace vggen::detail {
namespace {

struct x_values {
  std::string name;
  std::vector<double> values;
};

x_values x_of(const std::vector<epoch_record> &epochs) {
  const auto numbers = [&](auto number_of) {
    std::vector<double> values;
    values.reserve(epochs.size());
    for (const epoch_record &record : epochs)
      values.push_back(static_cast<double>(number_of(record)));
    return values;
  };
  const auto ascend = [](const std::vector<double> &values) {
    return std::ranges::adjacent_find(values, std::greater_equal<>()) == values.end();
  };
  std::vector<double> values = numbers([](const epoch_record &record) { return record.epoch; });
  if (ascend(values)) return {"epoch", std::move(values)};
  values = numbers([](const epoch_record &record) { return record.step; });
  if (ascend(values)) return {"step", std::move(values)};
  return {"record", numbers([&](const epoch_record &record) { return &record - epochs.data() + 1; })};
}

std::vector<double> column(const std::vector<epoch_record> &epochs, double epoch_record::*member) {
  std::vector<double> values;
  values.reserve(epochs.size());
  for (const epoch_record &record : epochs)
    values.push_back(record.*member);
  return values;
}

// An item of the summary; `value` and `more` are HTML.
std::string item(const char *name, const std::string &value, const std::string &more = "") {
  if (value.empty()) return "";
  return std::string("<div><dt>") + name + "</dt><dd>" + value +
         (more.empty() ? "" : " <small>" + more + "</small>") + "</dd></div>";
}

std::string accuracy_items(const training_report &report, const std::optional<confusion_matrix> &matrix) {
  if (report.epochs.empty())
    return matrix ? item("Accuracy", percent_text(matrix->accuracy(), 2)) : std::string();
  const epoch_record &last = report.epochs.back();
  if (!std::isfinite(last.validation_accuracy))
    return std::isfinite(last.training_accuracy)
               ? item("Training accuracy", percent_text(last.training_accuracy, 2))
               : std::string();
  const auto best = std::ranges::max_element(report.epochs, [](const epoch_record &a, const epoch_record &b) {
    return !std::isnan(b.validation_accuracy) &&
           (std::isnan(a.validation_accuracy) || a.validation_accuracy < b.validation_accuracy);
  });
  const bool last_is_best = !(best->validation_accuracy > last.validation_accuracy);
  return item("Validation accuracy", percent_text(last.validation_accuracy, 2),
              last_is_best ? ""
                           : "best " + percent_text(best->validation_accuracy, 2) + " in epoch " +
                                 std::to_string(best->epoch));
}

} // namespace

std::string summary_section(const training_report &report, const std::optional<confusion_matrix> &matrix) {
  double seconds = 0, images = 0, timed = 0; // images of the epochs that say both their time and their speed
  double waited = 0, watched = 0;            // time of the epochs that say how much of it they waited
  for (const epoch_record &record : report.epochs) {
    if (!std::isfinite(record.seconds) || record.seconds <= 0) continue;
    seconds += record.seconds;
    if (std::isfinite(record.data_wait_seconds)) {
      waited += record.data_wait_seconds;
      watched += record.seconds;
    }
    if (!std::isfinite(record.images_per_second)) continue;
    images += record.images_per_second * record.seconds;
    timed += record.seconds;
  }
  std::string html = accuracy_items(report, matrix);
  if (!report.epochs.empty()) {
    const epoch_record &last = report.epochs.back();
    html += item("Epochs", std::to_string(last.epoch),
                 last.step > 0 ? count_text(last.step) + (last.step == 1 ? " step" : " steps") : "");
  }
  if (seconds > 0) html += item("Time", duration_text(seconds));
  if (timed > 0) html += item("Images a second", rate_text(images / timed));
  if (watched > 0)
    html += item("Waited for data", fixed_text(waited, 2) + " s", percent_text(waited / watched, 1));
  html += item("Machine", escaped(report.machine)) + item("Kernels for", escaped(report.target));
  return html.empty() ? "" : "<dl class=\"summary\">" + html + "</dl>\n";
}

std::string curves_section(const training_report &report) {
  const std::vector<epoch_record> &epochs = report.epochs;
  const x_values x = x_of(epochs);
  std::vector<std::string> names;
  names.reserve(epochs.size());
  for (const epoch_record &record : epochs)
    names.push_back("epoch " + std::to_string(record.epoch) + ", step " + count_text(record.step));
  const auto values = [&](double epoch_record::*member) { return column(epochs, member); };
  const auto figure = [&](const char *title, quantity kind, std::vector<curve> curves) {
    return chart_figure({title, kind, x.name, x.values, names, std::move(curves)});
  };
  using record = epoch_record;
  const std::string html = figure("Loss", quantity::loss,
                                  {{"training", values(&record::training_loss), false},
                                   {"validation", values(&record::validation_loss), true}}) +
                           figure("Accuracy", quantity::accuracy,
                                  {{"training", values(&record::training_accuracy), true},
                                   {"validation", values(&record::validation_accuracy), true}}) +
                           figure("Overlap", quantity::accuracy,
                                  {{"training", values(&record::training_overlap), true},
                                   {"validation", values(&record::validation_overlap), true}}) +
                           figure("Learning rate", quantity::learning_rate,
                                  {{"learning rate", values(&record::learning_rate), true}}) +
                           figure("Images a second", quantity::speed,
                                  {{"images a second", values(&record::images_per_second), true}});
  return html.empty() ? "" : "<div class=\"charts\">" + html + "</div>\n";
}

} // namespace vggen::detail
