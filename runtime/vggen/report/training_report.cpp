// The page: checks what it is given, puts the sections together, and writes them.
#include "vggen/report/training_report.hpp"

#include "vggen/io/atomic_file.hpp"
#include "vggen/io/error.hpp"
#include "vggen/report/metrics.hpp"
#include "vggen/report/page_sections.hpp"
#include "vggen/report/page_style.hpp"
#include "vggen/report/page_text.hpp"
#include "vggen/version.hpp"

#include <cstddef>
#include <new>
#include <optional>
#include <span>

namespace vggen {
namespace {

void check_filters(const filter_bank &bank, const std::string &file_name) {
  if (bank.weights.empty()) return;
  constexpr int most = 4096; // the product of four fits 64 bits
  std::int64_t expected = 1;
  bool fits = true;
  for (const int extent : {bank.outputs, bank.inputs, bank.height, bank.width}) {
    fits = fits && extent >= 1 && extent <= most;
    expected *= fits ? extent : 1;
  }
  if (fits && static_cast<std::size_t>(expected) == bank.weights.size()) return;
  throw error(error_code::invalid_argument,
              file_name + ": found a first layer of " + std::to_string(bank.weights.size()) +
                  " weights and [" + std::to_string(bank.outputs) + "][" + std::to_string(bank.inputs) +
                  "][" + std::to_string(bank.height) + "][" + std::to_string(bank.width) +
                  "], expected as many weights as its extents say, each from 1 to " + std::to_string(most));
}

std::string page_of(const training_report &report, const std::optional<confusion_matrix> &matrix) {
  const std::string title = detail::escaped(report.title.empty() ? "Training" : report.title);
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<title>" +
      title + "</title>\n<style>" + detail::page_style + "</style>\n</head>\n<body>\n<h1>" + title +
      "</h1>\n" + detail::summary_section(report, matrix) + detail::curves_section(report);
  if (matrix) html += detail::confusion_section(report, *matrix) + detail::classes_section(report, *matrix);
  html += detail::wrong_images_section(report) + detail::filters_section(report) +
          detail::network_section(report) + detail::options_section(report);
  return html + "<footer>Written by vggen " VGGEN_VERSION_TEXT ".</footer>\n</body>\n</html>\n";
}

} // namespace

void write_report(const std::filesystem::path &path, const training_report &report) {
  const std::string name = path.string();
  check_filters(report.first_layer, name);
  for (const wrong_image &wrong : report.most_wrong)
    check_image(wrong.picture, name);
  try {
    std::optional<confusion_matrix> matrix;
    if (!report.confusion.empty()) matrix = confusion_matrix::from_counts(report.confusion);
    const std::string page = page_of(report, matrix);
    atomic_file file(path);
    file.write(std::as_bytes(std::span(page)));
    file.commit();
  } catch (const std::bad_alloc &) {
    throw error(error_code::out_of_memory, name + ": no memory for the page");
  }
}

} // namespace vggen
