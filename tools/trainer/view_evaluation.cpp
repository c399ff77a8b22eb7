#include "tools/trainer/view_evaluation.hpp"

#include "tools/program/progress.hpp"
#include "tools/program/softmax.hpp"

#include <vggen/train/checkpoint.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <limits>
#include <utility>

namespace vggen {

namespace {

// Logarithms of means: logits whose softmax the means are. A mean of zero becomes the least number above it,
// NaN stays NaN.
std::vector<float> logits_of(std::span<const double> sums, double count) {
  std::vector<float> logits;
  logits.reserve(sums.size());
  for (const double sum : sums)
    logits.push_back(static_cast<float>(std::log(std::max(sum / count, std::numeric_limits<double>::min()))));
  return logits;
}

void count_picture(evaluation_result &result, std::span<const float> logits, int label) {
  const int found = best_class(logits);
  result.totals.add({.loss = cross_entropy(logits, label), .correct = found == label, .images = 1});
  result.confusion.add(label, found);
  result.in_top_5 += in_top_k(logits, label, 5);
}

} // namespace

evaluation_result evaluate_views(trainable &network, std::shared_ptr<const view_dataset> views,
                                 std::span<const ensemble_member> members, int loader_threads) {
  const trainable_facts &facts = network.facts();
  const auto classes = static_cast<std::size_t>(facts.classes);
  const std::int64_t of_a_picture = views->how().count(), all = views->size();
  loader source(std::move(views),
                {.extent = extent_of(facts), .batch_size = facts.batch, .threads = loader_threads});
  evaluation_result result{
      .totals = {}, .in_top_5 = 0, .confusion = confusion_matrix(facts.classes), .most_wrong = {}};
  progress shown("views");
  std::vector<double> sums(classes); // of the picture whose views come
  std::vector<double> sums_before;   // [picture][class], of the members before
  const auto picture_count = static_cast<std::size_t>(all / of_a_picture);
  if (members.size() > 1) sums_before.resize(picture_count * classes);
  for (std::size_t m = 0; m < members.size(); ++m) {
    for (const auto &note : load_weights(members[m].weights, network))
      std::fprintf(stderr, "note: %s\n", note.c_str());
    const bool last = m + 1 == members.size();
    evaluate(network, source, members[m].how, [&](const evaluated_example &example) {
      const std::int64_t view = example.place, place = view % of_a_picture;
      const auto before =
          sums_before.empty()
              ? std::span<double>()
              : std::span(sums_before)
                    .subspan(static_cast<std::size_t>(view / of_a_picture) * classes, classes);
      if (place == 0) {
        std::ranges::fill(sums, 0.0);
        std::ranges::copy(before, sums.begin());
      }
      std::ranges::transform(softmax_of(example.outputs), sums, sums.begin(), std::plus());
      if (place + 1 < of_a_picture) return;
      if (last) {
        const double count = static_cast<double>(of_a_picture) * static_cast<double>(members.size());
        count_picture(result, logits_of(sums, count), example.label);
      } else {
        std::ranges::copy(sums, before.begin());
      }
      const double done = static_cast<double>(view + 1) / static_cast<double>(all);
      shown.update((static_cast<double>(m) + done) / static_cast<double>(members.size()));
    });
  }
  return result;
}

} // namespace vggen
