#include "tools/trainer/box_evaluation.hpp"

#include "tools/trainer/totals_text.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdio>
#include <utility>

namespace vggen {

box_evaluation evaluate_boxes(trainable &network, std::shared_ptr<const dataset> pictures,
                              const normalisation &how, int loader_threads) {
  const trainable_facts &facts = network.facts();
  box_evaluation result{.totals = {},
                        .by_class = std::vector<training_totals>(pictures->class_names().size())};
  loader source(std::move(pictures),
                {.extent = extent_of(facts), .batch_size = facts.batch, .threads = loader_threads});
  result.totals = evaluate(network, source, how, [&](const evaluated_example &example) {
    result.by_class[static_cast<std::size_t>(example.label)].add(measure(example, facts));
  });
  return result;
}

void print_evaluation(const box_evaluation &result, const std::vector<std::string> &class_names) {
  std::printf("%lld images: %s\n\n", static_cast<long long>(result.totals.images),
              text_of(result.totals, true).c_str());
  std::printf("%-24s %8s %8s %10s\n", "class", "images", "overlap", "over 0.5");
  for (std::size_t c = 0; c < class_names.size(); ++c) {
    const training_totals &one = result.by_class[c];
    std::printf("%-24s %8lld %8.3f %8.2f %%\n", class_names[c].c_str(), static_cast<long long>(one.images),
                one.mean_overlap(), 100 * one.accuracy());
  }
}

nlohmann::ordered_json to_json(const box_evaluation &result, const std::vector<std::string> &class_names) {
  const auto measures = [](nlohmann::ordered_json json, const training_totals &of) {
    json["images"] = of.images;
    json["mean_overlap"] = of.mean_overlap();
    json["over_half"] = of.accuracy();
    return json;
  };
  auto classes = nlohmann::ordered_json::array();
  for (std::size_t c = 0; c < class_names.size(); ++c)
    classes.push_back(measures({{"class", class_names[c]}}, result.by_class[c]));
  auto json = measures(nlohmann::ordered_json::object(), result.totals);
  json["loss"] = result.totals.mean_loss();
  json["classes"] = classes;
  return json;
}

} // namespace vggen
