#include "tools/trainer/evaluation.hpp"

#include "tools/program/seen_picture.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace vggen {

evaluation_result evaluate_all(trainable &network, std::shared_ptr<const dataset> pictures,
                               const normalisation &how, int loader_threads, std::size_t wrong) {
  const trainable_facts &facts = network.facts();
  loader source(std::move(pictures),
                {.extent = extent_of(facts), .batch_size = facts.batch, .threads = loader_threads});
  evaluation_result result{
      .totals = {}, .in_top_5 = 0, .confusion = confusion_matrix(facts.classes), .most_wrong = {}};
  const auto less_wrong = [](const wrong_image &a, const wrong_image &b) {
    return a.probability > b.probability;
  };
  result.totals = evaluate(network, source, how, [&](const evaluated_example &example) {
    const int label = example.label, found = best_class(example.outputs);
    result.confusion.add(label, found);
    result.in_top_5 += in_top_k(example.outputs, label, 5);
    if (found == label || wrong == 0) return;
    const double probability = std::exp(-cross_entropy(example.outputs, found));
    auto &kept = result.most_wrong; // sorted, most certain first
    if (kept.size() == wrong && probability <= kept.back().probability) return;
    wrong_image one{.picture = seen_picture(example.image, facts.input),
                    .true_class = label,
                    .predicted_class = found,
                    .probability = probability};
    kept.insert(std::ranges::upper_bound(kept, one, less_wrong), std::move(one));
    if (kept.size() > wrong) kept.pop_back();
  });
  return result;
}

void print_evaluation(const evaluation_result &result, const std::vector<std::string> &class_names) {
  const auto share = [&](std::int64_t n) {
    return 100 * static_cast<double>(n) / static_cast<double>(result.totals.images);
  };
  std::printf("%lld images: top-1 %.2f %%, top-5 %.2f %%, loss %.4f\n\n",
              static_cast<long long>(result.totals.images), share(result.totals.correct),
              share(result.in_top_5), result.totals.mean_loss());
  std::printf("%-24s %8s %10s %8s %8s\n", "class", "images", "precision", "recall", "F1");
  for (int c = 0; c < result.confusion.classes(); ++c)
    std::printf("%-24s %8lld %8.2f %% %6.2f %% %6.2f %%\n", class_names[static_cast<std::size_t>(c)].c_str(),
                static_cast<long long>(result.confusion.images_of(c)), 100 * result.confusion.precision(c),
                100 * result.confusion.recall(c), 100 * result.confusion.f1(c));
}

} // namespace vggen
