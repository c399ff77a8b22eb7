// How well a network classifies: counts of what was and what was predicted, and what follows from them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace vggen {

/// Represents how often images of each class were predicted to be of each class. Shares are from 0 to 1, and
/// NaN where nothing was counted that they could be a share of.
class confusion_matrix {
public:
  /// No counts yet. Throws vggen::error with invalid_argument unless `classes` is from 1 to 46340, whose
  /// square still is an int.
  explicit confusion_matrix(int classes);

  /// Takes counts [true class][predicted class]. Throws vggen::error with invalid_argument unless their
  /// number is the square of a number of classes, none is negative, and their sum is below 2^62.
  [[nodiscard]] static confusion_matrix from_counts(std::span<const std::int64_t> counts);

  /// Counts `times` images. Throws vggen::error with invalid_argument if a class is not in 0 … classes - 1 or
  /// `times` is negative.
  void add(int true_class, int predicted_class, std::int64_t times = 1);

  /// Adds the counts of `other`. Throws vggen::error with mismatch if it is of another number of classes.
  void merge(const confusion_matrix &other);

  [[nodiscard]] int classes() const noexcept { return classes_; }
  [[nodiscard]] std::span<const std::int64_t> counts() const noexcept {
    return counts_;
  } ///< [true][predicted]

  /// Those below expect classes in 0 … classes - 1.
  [[nodiscard]] std::int64_t count(int true_class, int predicted_class) const noexcept;
  [[nodiscard]] std::int64_t images_of(int true_class) const noexcept;           ///< the sum of a row
  [[nodiscard]] std::int64_t predictions_of(int predicted_class) const noexcept; ///< the sum of a column
  [[nodiscard]] std::int64_t images() const noexcept;                            ///< the sum of all

  [[nodiscard]] double accuracy() const noexcept; ///< of all images, the share predicted right

  /// Of the images predicted to be of class `c`, the share that is: NaN if it was never predicted.
  [[nodiscard]] double precision(int c) const noexcept;
  /// Of the images of class `c`, the share predicted to be: NaN if there was none.
  [[nodiscard]] double recall(int c) const noexcept;
  /// The harmonic mean of precision and recall: NaN if class `c` neither occurred nor was predicted.
  [[nodiscard]] double f1(int c) const noexcept;

private:
  [[nodiscard]] std::size_t index(int true_class, int predicted_class) const noexcept {
    return static_cast<std::size_t>(true_class) * static_cast<std::size_t>(classes_) +
           static_cast<std::size_t>(predicted_class);
  }

  int classes_;
  std::vector<std::int64_t> counts_; // [true][predicted]
};

/// Says whether `label` is among the `k` classes of the highest `scores` (probabilities or logits, [class]).
/// Of equal scores the lower class comes first. A NaN comes before every number, and a label whose score is
/// NaN is never right: a network that computes NaN gets no credit for it. Throws vggen::error with
/// invalid_argument if `label` is not in 0 … scores.size() - 1 or `k` is below 1.
[[nodiscard]] bool in_top_k(std::span<const float> scores, int label, int k);

/// Returns for how many images of a batch in_top_k holds. `probabilities` is [image][class], `labels` is
/// [image]. Throws vggen::error with invalid_argument as in_top_k does, if `classes` is below 1, and if
/// probabilities.size() is not classes * labels.size().
[[nodiscard]] std::int64_t top_k_correct(std::span<const float> probabilities, int classes,
                                         std::span<const std::int32_t> labels, int k);

} // namespace vggen
