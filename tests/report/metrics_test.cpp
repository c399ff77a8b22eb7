// Metrics against values counted by hand, and at the edges: no image, one class, ties, NaN.
#include "failures.hpp"

#include "vggen/report/metrics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace {

using vggen::confusion_matrix;
using vggen::error_code;
using vggen::in_top_k;
using vggen::top_k_correct;

TEST_CASE("precision, recall and F1 are the textbook's") {
  confusion_matrix matrix(3);
  matrix.add(0, 0, 5); // true 0: 5 right, 1 taken for 1
  matrix.add(0, 1);
  matrix.add(1, 1, 3); // true 1: 3 right, 2 taken for 0
  matrix.add(1, 0, 2);
  CHECK(matrix.classes() == 3); // class 2: neither there nor predicted
  CHECK(std::ranges::equal(matrix.counts(), std::vector<std::int64_t>{5, 1, 0, 2, 3, 0, 0, 0, 0}));
  CHECK(matrix.images() == 11);
  CHECK(matrix.images_of(1) == 5);
  CHECK(matrix.predictions_of(1) == 4);
  CHECK(matrix.accuracy() == 8. / 11);
  CHECK(matrix.precision(0) == 5. / 7);
  CHECK(matrix.recall(0) == 5. / 6);
  CHECK(matrix.f1(0) == doctest::Approx(2 * (5. / 7) * (5. / 6) / (5. / 7 + 5. / 6)));
  CHECK(std::isnan(matrix.precision(2)));
  CHECK(std::isnan(matrix.recall(2)));
  CHECK(std::isnan(matrix.f1(2)));
  matrix.add(2, 0); // there, but never predicted
  CHECK(std::isnan(matrix.precision(2)));
  CHECK(matrix.recall(2) == 0);
  CHECK(matrix.f1(2) == 0);
}

TEST_CASE("matrices merge, and are made of counts") {
  const std::vector<std::int64_t> counts = {1, 2, 3, 4};
  confusion_matrix matrix = confusion_matrix::from_counts(counts);
  CHECK(matrix.count(0, 1) == 2);
  CHECK(matrix.count(1, 0) == 3);
  matrix.merge(confusion_matrix::from_counts(counts));
  CHECK(std::ranges::equal(matrix.counts(), std::vector<std::int64_t>{2, 4, 6, 8}));
  check_throws([&] { matrix.merge(confusion_matrix(3)); }, error_code::mismatch, "found one of 3 classes");
}

TEST_CASE("one class and a thousand") {
  confusion_matrix one(1);
  CHECK(std::isnan(one.accuracy()));
  one.add(0, 0);
  CHECK(one.accuracy() == 1);
  confusion_matrix many(1000);
  many.add(999, 0, std::int64_t{1} << 40);
  CHECK(many.accuracy() == 0);
  CHECK(many.recall(999) == 0);
  CHECK(many.images_of(999) == std::int64_t{1} << 40);
}

TEST_CASE("classes and counts that cannot be are refused") {
  const auto code = error_code::invalid_argument;
  confusion_matrix matrix(2);
  check_throws([&] { matrix.add(2, 0); }, code, "found class 2, expected 0 to 1");
  check_throws([&] { matrix.add(0, -1); }, code, "found class -1");
  check_throws([&] { matrix.add(0, 0, -1); }, code, "found -1 images");
  CHECK(matrix.images() == 0);
  check_throws([] { confusion_matrix(0); }, code, "found 0 classes");
  check_throws([] { confusion_matrix(46341); }, code, "expected 1 to 46340");
  const auto from = [](const std::vector<std::int64_t> &counts) {
    return [counts] { static_cast<void>(confusion_matrix::from_counts(counts)); };
  };
  check_throws(from({}), code, "found 0 counts");
  check_throws(from({1, 2, 3}), code, "found 3 counts, expected the square");
  check_throws(from({1, 2, 3, -4}), code, "found the count -4");
  check_throws(from({INT64_MAX / 2, 1, 0, 0}), code, "more than 2^62 images");
  check_throws(from({INT64_MAX, INT64_MAX, 0, 0}), code, "more than 2^62 images");
}

TEST_CASE("the k highest, and of equals the lower class") {
  const std::array<float, 4> scores = {0.1f, 0.4f, 0.1f, 0.4f};
  // the order is 1, 3, 0, 2
  constexpr std::array<int, 4> place = {3, 1, 4, 2};
  for (int label = 0; label < 4; ++label)
    for (int k = 1; k <= 5; ++k)
      CHECK(in_top_k(scores, label, k) == (place[static_cast<std::size_t>(label)] <= k));
  const std::array<float, 3> equal = {};
  CHECK(in_top_k(equal, 0, 1));
  CHECK(!in_top_k(equal, 1, 1));
  check_throws([&] { static_cast<void>(in_top_k(scores, 4, 1)); }, error_code::invalid_argument, "class 4");
  check_throws([&] { static_cast<void>(in_top_k(scores, 0, 0)); }, error_code::invalid_argument, "k = 0");
  check_throws([] { static_cast<void>(in_top_k({}, 0, 1)); }, error_code::invalid_argument, "class 0");
}

TEST_CASE("NaN earns nothing") {
  const float nan = std::numeric_limits<float>::quiet_NaN(),
              infinity = std::numeric_limits<float>::infinity();
  const std::array<float, 3> scores = {nan, 1, 2};
  CHECK(!in_top_k(scores, 0, 3));
  CHECK(!in_top_k(scores, 2, 1));
  CHECK(in_top_k(scores, 2, 2));
  CHECK(in_top_k(scores, 1, 3));
  CHECK(in_top_k(std::array<float, 2>{-infinity, infinity}, 1, 1));
  CHECK(in_top_k(std::array<float, 2>{-infinity, infinity}, 0, 2));
}

TEST_CASE("a batch is counted row by row") {
  const std::array<float, 6> probabilities = {0.7f, 0.2f, 0.1f, 0.2f, 0.5f, 0.3f};
  const std::array<std::int32_t, 2> labels = {0, 2};
  CHECK(top_k_correct(probabilities, 3, labels, 1) == 1);
  CHECK(top_k_correct(probabilities, 3, labels, 2) == 2);
  CHECK(top_k_correct({}, 3, {}, 1) == 0);
  const auto wrong = [&](std::size_t count, int classes, const char *part) {
    check_throws(
        [&] { static_cast<void>(top_k_correct(std::span(probabilities).first(count), classes, labels, 1)); },
        error_code::invalid_argument, part);
  };
  wrong(5, 3, "found 5 probabilities, expected 3 for each of 2 images");
  wrong(3, 3, "found 3 probabilities");
  wrong(6, 0, "found 0 classes");
  wrong(6, -1, "found -1 classes");
}

} // namespace
