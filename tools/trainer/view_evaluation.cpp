#include "tools/trainer/view_evaluation.hpp"

#include "tools/program/progress.hpp"
#include "tools/program/softmax.hpp"

#include <vggen/train/checkpoint.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <utility>

namespace vggen {

namespace {

// Logarithms of means: logits whose softmax the means are. A mean of zero becomes the least number above it,
// NaN stays NaN.
std::vector<float> logits_of(std::span<const double> means) {
  std::vector<float> logits;
  logits.reserve(means.size());
  for (const double mean : means)
    logits.push_back(static_cast<float>(std::log(std::max(mean, std::numeric_limits<double>::min()))));
  return logits;
}

} // namespace

std::vector<double> view_probabilities(trainable &network, std::shared_ptr<const view_dataset> views,
                                       std::span<const ensemble_member> members, int loader_threads) {
  const trainable_facts &facts = network.facts();
  const auto classes = static_cast<std::size_t>(facts.classes);
  const std::int64_t of_a_picture = views->how().count(), all = views->size();
  const double runs = static_cast<double>(of_a_picture) * static_cast<double>(members.size());
  loader source(std::move(views),
                {.extent = extent_of(facts), .batch_size = facts.batch, .threads = loader_threads});
  progress shown("views");
  std::vector<double> means(static_cast<std::size_t>(all / of_a_picture) * classes);
  for (std::size_t m = 0; m < members.size(); ++m) {
    for (const auto &note : load_weights(members[m].weights, network))
      std::fprintf(stderr, "note: %s\n", note.c_str());
    evaluate(network, source, members[m].how, [&](const evaluated_example &example) {
      const std::int64_t view = example.place;
      const auto of_picture =
          std::span(means).subspan(static_cast<std::size_t>(view / of_a_picture) * classes, classes);
      std::ranges::transform(softmax_of(example.outputs), of_picture, of_picture.begin(),
                             [&](double share, double mean) { return mean + share / runs; });
      const double done = static_cast<double>(view + 1) / static_cast<double>(all);
      shown.update((static_cast<double>(m) + done) / static_cast<double>(members.size()));
    });
  }
  return means;
}

evaluation_result count_probabilities(std::span<const double> means, const dataset &pictures, int classes) {
  evaluation_result result{
      .totals = {}, .in_top_5 = 0, .confusion = confusion_matrix(classes), .most_wrong = {}};
  const auto of_a_picture = static_cast<std::size_t>(classes);
  for (std::int64_t i = 0; i < pictures.size(); ++i) {
    const auto logits = logits_of(means.subspan(static_cast<std::size_t>(i) * of_a_picture, of_a_picture));
    const int label = pictures.label(i), found = best_class(logits);
    result.totals.add({.loss = cross_entropy(logits, label), .correct = found == label, .images = 1});
    result.confusion.add(label, found);
    result.in_top_5 += in_top_k(logits, label, 5);
  }
  return result;
}

} // namespace vggen
