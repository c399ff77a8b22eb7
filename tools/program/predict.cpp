#include "tools/program/commands.hpp"
#include "tools/program/loaded_model.hpp"
#include "tools/program/softmax.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/labels.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <numeric>

namespace vggen {

namespace {

struct candidate {
  int index = 0;
  double probability = 0;
};

// The most likely classes by softmax of the logits, most likely first; of equals the first.
std::vector<candidate> best_classes(std::span<const float> logits, int count) {
  const std::vector<double> shares = softmax_of(logits);
  std::vector<int> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto value = [&](int i) { return logits[static_cast<std::size_t>(i)]; };
  count = std::min(count, static_cast<int>(order.size()));
  std::partial_sort(order.begin(), order.begin() + count, order.end(),
                    [&](int a, int b) { return value(a) != value(b) ? value(a) > value(b) : a < b; });
  std::vector<candidate> best;
  for (int i = 0; i < count; ++i) {
    const int index = order[static_cast<std::size_t>(i)];
    best.push_back({index, shares[static_cast<std::size_t>(index)]});
  }
  return best;
}

} // namespace

void predict(runnable_model &model, const predict_options &options) {
  const model_facts &facts = model.facts();
  if (facts.output.height != 1 || facts.output.width != 1)
    throw error(error_code::invalid_argument, std::string(facts.name) + " has no classes: use 'features'");
  loaded_model loaded(model, options.weights, options.preprocess, options.threads, false);
  const std::vector<std::string> labels = options.labels.empty()
                                              ? loaded.labels(facts.output.channels)
                                              : read_labels(options.labels, facts.output.channels);
  const auto label_of = [&](int index) {
    return labels.empty() ? std::string() : labels[static_cast<std::size_t>(index)];
  };
  auto json = nlohmann::ordered_json::array();
  loaded.for_images(options.images, [&](int batch, std::size_t first, std::size_t count) {
    model.forward(batch);
    const std::vector<float> all = model.logits(batch);
    const auto classes = static_cast<std::size_t>(facts.output.channels);
    for (std::size_t i = 0; i < count; ++i) {
      const auto logits = std::span(all).subspan(i * classes, classes);
      const std::string image = options.images[first + i].string();
      if (!std::all_of(logits.begin(), logits.end(), [](float v) { return std::isfinite(v); }))
        throw error(error_code::execution_failed, image + ": the logits are not finite; " +
                                                      options.weights.string() + " holds damaged values");
      const auto best = best_classes(logits, options.top);
      if (options.json) {
        auto top = nlohmann::ordered_json::array();
        for (const auto &c : best)
          top.push_back({{"class", c.index}, {"label", label_of(c.index)}, {"probability", c.probability}});
        json.push_back({{"image", image}, {"logits", logits}, {"top", top}});
      } else {
        std::printf("%s\n", image.c_str());
        for (const auto &c : best)
          std::printf("  %5.1f %%  %4d  %s\n", 100 * c.probability, c.index, label_of(c.index).c_str());
      }
    }
  });
  if (options.json) std::cout << json.dump() << '\n';
}

} // namespace vggen
