// Counts, and quotients of counts.
#include "vggen/report/metrics.hpp"

#include "vggen/io/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

namespace vggen {
namespace {

constexpr int most_classes = 46340;

double share(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(part) / static_cast<double>(whole);
}

[[noreturn]] void refuse(const std::string &what) { throw error(error_code::invalid_argument, what); }

void check_class(int c, std::size_t classes, const char *caller) {
  if (c < 0 || static_cast<std::size_t>(c) >= classes)
    refuse(std::string(caller) + ": found class " + std::to_string(c) + ", expected 0 to " +
           std::to_string(static_cast<std::int64_t>(classes) - 1));
}

} // namespace

confusion_matrix::confusion_matrix(int classes) : classes_(classes) {
  if (classes < 1 || classes > most_classes)
    refuse("confusion_matrix: found " + std::to_string(classes) + " classes, expected 1 to " +
           std::to_string(most_classes));
  counts_.resize(static_cast<std::size_t>(classes) * static_cast<std::size_t>(classes));
}

confusion_matrix confusion_matrix::from_counts(std::span<const std::int64_t> counts) {
  const auto classes = std::llround(std::sqrt(static_cast<double>(counts.size())));
  if (classes < 1 || classes > most_classes || static_cast<std::size_t>(classes * classes) != counts.size())
    refuse("confusion_matrix: found " + std::to_string(counts.size()) +
           " counts, expected the square of the number of classes");
  if (const auto negative = std::ranges::find_if(counts, [](std::int64_t n) { return n < 0; });
      negative != counts.end())
    refuse("confusion_matrix: found the count " + std::to_string(*negative) + ", expected at least 0");
  std::int64_t sum = 0;
  for (const std::int64_t count : counts)
    if (__builtin_add_overflow(sum, count, &sum) || sum > std::numeric_limits<std::int64_t>::max() / 2)
      refuse("confusion_matrix: found more than 2^62 images, expected fewer");
  confusion_matrix matrix(static_cast<int>(classes));
  std::ranges::copy(counts, matrix.counts_.begin());
  return matrix;
}

void confusion_matrix::add(int true_class, int predicted_class, std::int64_t times) {
  check_class(true_class, static_cast<std::size_t>(classes_), "confusion_matrix");
  check_class(predicted_class, static_cast<std::size_t>(classes_), "confusion_matrix");
  if (times < 0) refuse("confusion_matrix: found " + std::to_string(times) + " images, expected at least 0");
  counts_[index(true_class, predicted_class)] += times;
}

void confusion_matrix::merge(const confusion_matrix &other) {
  if (other.classes_ != classes_)
    throw error(error_code::mismatch, "confusion_matrix: found one of " + std::to_string(other.classes_) +
                                          " classes to merge, expected " + std::to_string(classes_));
  std::ranges::transform(counts_, other.counts_, counts_.begin(), std::plus<>());
}

std::int64_t confusion_matrix::count(int true_class, int predicted_class) const noexcept {
  return counts_[index(true_class, predicted_class)];
}

std::int64_t confusion_matrix::images_of(int true_class) const noexcept {
  std::int64_t sum = 0;
  for (int predicted = 0; predicted < classes_; ++predicted)
    sum += count(true_class, predicted);
  return sum;
}

std::int64_t confusion_matrix::predictions_of(int predicted_class) const noexcept {
  std::int64_t sum = 0;
  for (int truth = 0; truth < classes_; ++truth)
    sum += count(truth, predicted_class);
  return sum;
}

std::int64_t confusion_matrix::images() const noexcept {
  return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

double confusion_matrix::accuracy() const noexcept {
  std::int64_t right = 0;
  for (int c = 0; c < classes_; ++c)
    right += count(c, c);
  return share(right, images());
}

double confusion_matrix::precision(int c) const noexcept { return share(count(c, c), predictions_of(c)); }

double confusion_matrix::recall(int c) const noexcept { return share(count(c, c), images_of(c)); }

double confusion_matrix::f1(int c) const noexcept {
  return share(2 * count(c, c), images_of(c) + predictions_of(c));
}

bool in_top_k(std::span<const float> scores, int label, int k) {
  check_class(label, scores.size(), "in_top_k");
  if (k < 1) refuse("in_top_k: found k = " + std::to_string(k) + ", expected at least 1");
  const auto own = static_cast<std::size_t>(label);
  if (std::isnan(scores[own])) return false;
  std::int64_t before = 0;
  for (std::size_t c = 0; c < scores.size(); ++c) {
    const bool after = scores[c] < scores[own] || (scores[c] == scores[own] && c >= own);
    before += after ? 0 : 1;
  }
  return before < k;
}

std::int64_t top_k_correct(std::span<const float> probabilities, int classes,
                           std::span<const std::int32_t> labels, int k) {
  if (classes < 1)
    refuse("top_k_correct: found " + std::to_string(classes) + " classes, expected at least 1");
  const auto row = static_cast<std::size_t>(classes);
  if (probabilities.size() / row != labels.size() || probabilities.size() % row != 0)
    refuse("top_k_correct: found " + std::to_string(probabilities.size()) + " probabilities, expected " +
           std::to_string(classes) + " for each of " + std::to_string(labels.size()) + " images");
  std::int64_t correct = 0;
  for (std::size_t i = 0; i < labels.size(); ++i)
    correct += in_top_k(probabilities.subspan(i * row, row), labels[i], k) ? 1 : 0;
  return correct;
}

} // namespace vggen
