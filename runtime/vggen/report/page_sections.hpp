// The sections of the page, each as HTML; empty where the report has nothing for it.
#pragma once

#include "vggen/report/metrics.hpp"
#include "vggen/report/training_report.hpp"

#include <optional>
#include <string>

namespace vggen::detail {

/// A line of the figures that matter most: final accuracy, epochs, time, speed, machine, target.
[[nodiscard]] std::string summary_section(const training_report &report,
                                          const std::optional<confusion_matrix> &matrix);

/// Curves over epochs; over steps where epochs do not ascend, and over the records' numbers where neither
/// does.
[[nodiscard]] std::string curves_section(const training_report &report);

[[nodiscard]] std::string confusion_section(const training_report &report, const confusion_matrix &matrix);
[[nodiscard]] std::string classes_section(const training_report &report, const confusion_matrix &matrix);
[[nodiscard]] std::string wrong_images_section(const training_report &report);
[[nodiscard]] std::string filters_section(const training_report &report);
[[nodiscard]] std::string network_section(const training_report &report);
[[nodiscard]] std::string options_section(const training_report &report);

} // namespace vggen::detail
