#include "tools/program/scores.hpp"

#include "tools/program/common_options.hpp"
#include "tools/program/loaded_model.hpp"
#include "tools/program/seen_picture.hpp"
#include "tools/program/texts.hpp"
#include "tools/program/whole_image.hpp"

#include <vggen/io/class_map.hpp>
#include <vggen/io/error.hpp>
#include <vggen/io/labels.hpp>
#include <vggen/io/load_parameters.hpp>
#include <vggen/io/read_image.hpp>
#include <vggen/io/write_png.hpp>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace vggen {

namespace {

struct scores_options {
  std::filesystem::path image, weights, labels, output;
  std::string preprocess;
  std::vector<int> scales;
  bool flip = false, json = false;
  int of_class = -1; // -1: the most likely one
  int top = 5;
  int threads = 0;
};

// A class's scores over all of the image [y][x], from 0, the smallest, to 1, the largest one. At the edges,
// where no window has its middle, they are those of the nearest place.
struct class_scores {
  int height = 0, width = 0;
  std::vector<float> values;
};

class_scores scores_of(const score_map &map, int of_class, const shape &least) {
  const int rows = map.extent.height, columns = map.extent.width;
  const auto places = static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  const auto scores = std::span(map.scores).subspan(static_cast<std::size_t>(of_class) * places, places);
  const auto [smallest, largest] = std::ranges::minmax(scores);
  const int above = (least.height / map.stride - 1) / 2, beside = (least.width / map.stride - 1) / 2;
  class_scores result{.height = rows + 2 * above, .width = columns + 2 * beside, .values = {}};
  for (int y = 0; y < result.height; ++y)
    for (int x = 0; x < result.width; ++x) {
      const int row = std::clamp(y - above, 0, rows - 1), column = std::clamp(x - beside, 0, columns - 1);
      const float score = scores[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
                                 static_cast<std::size_t>(column)];
      result.values.push_back(largest > smallest ? (score - smallest) / (largest - smallest) : 0);
    }
  return result;
}

void print_top(const std::vector<double> &probabilities, const std::vector<std::string> &labels, int count) {
  std::vector<int> order(probabilities.size());
  std::iota(order.begin(), order.end(), 0);
  const auto probability = [&](int i) { return probabilities[static_cast<std::size_t>(i)]; };
  std::ranges::stable_sort(order, std::greater(), probability);
  order.resize(std::min(static_cast<std::size_t>(count), order.size()));
  for (const int index : order)
    std::printf("  %5.1f %%  %4d  %s\n", 100 * probability(index), index,
                labels.empty() ? "" : labels[static_cast<std::size_t>(index)].c_str());
}

void score(const model_facts &facts, dense_classifier &network, scores_options o) {
  if (o.of_class >= network.classes())
    throw error(error_code::invalid_argument, "--class: found " + std::to_string(o.of_class) +
                                                  ", expected one below " +
                                                  std::to_string(network.classes()));
  if (o.scales.empty()) o.scales.push_back(0);
  const safetensors_file file = open_weights(facts, o.weights);
  const loaded_parameters parameters = load_parameters(facts.parameter_tensors, file, {});
  for (const auto &note : parameters.notes)
    std::fprintf(stderr, "note: %s\n", note.c_str());
  const preprocessing how = chosen_preprocessing(o.preprocess, file);
  const auto constants = constants_of(how, facts.input.channels);
  const std::vector<std::string> labels =
      o.labels.empty() ? labels_in(file, network.classes()) : read_labels(o.labels, network.classes());
  const image picture = read_image(o.image);
  network.prepare(parameters.sources(), o.threads);
  std::vector<double> sums(static_cast<std::size_t>(network.classes()));
  score_map map; // that is drawn, and what of: of the largest scale
  image seen;
  auto json = nlohmann::ordered_json::object();
  const auto run = [&](int scale, bool mirrored) {
    try {
      return classify_whole(network, picture, scale, mirrored, constants, how.reverse_channels);
    } catch (const error &e) {
      throw error(e.code(), o.image.string() + ": " + e.what());
    }
  };
  for (const int scale : o.scales)
    for (const bool mirrored : {false, true}) {
      if (mirrored && !o.flip) continue;
      const auto result = run(scale, mirrored);
      score_map scores = network.scores();
      std::ranges::transform(result.probabilities, sums, sums.begin(), std::plus());
      if (o.json)
        json["views"].push_back({{"height", result.extent.height},
                                 {"width", result.extent.width},
                                 {"mirrored", mirrored},
                                 {"places", {scores.extent.height, scores.extent.width}},
                                 {"logits", result.logits}});
      else
        std::printf("%s at %dx%d%s: %dx%d places\n", o.image.c_str(), result.extent.height,
                    result.extent.width, mirrored ? ", mirrored" : "", scores.extent.height,
                    scores.extent.width);
      if (mirrored || result.extent.height <= seen.height) continue;
      map = std::move(scores);
      seen = seen_picture(result.pixels, result.extent);
    }
  const double runs = static_cast<double>(o.scales.size()) * (o.flip ? 2 : 1);
  for (double &sum : sums)
    sum /= runs;
  if (o.json) {
    json["probabilities"] = sums;
    std::cout << json.dump() << '\n';
  } else {
    print_top(sums, labels, o.top);
  }
  if (o.output.empty()) return;
  const int chosen =
      o.of_class < 0 ? static_cast<int>(std::ranges::max_element(sums) - sums.begin()) : o.of_class;
  const class_scores drawn = scores_of(map, chosen, network.least());
  write_png(o.output, with_map(seen, drawn.values, drawn.height, drawn.width));
  if (!o.json) std::printf("%s: scores of class %d\n", o.output.c_str(), chosen);
}

} // namespace

std::function<void()> add_scores(CLI::App &app, const model_facts &facts, dense_classifier &network) {
  const auto options = std::make_shared<scores_options>();
  CLI::App &command = *app.add_subcommand(
      "scores", "Classify a whole image, of any extent from " + shape_text(network.least()) + " to " +
                    shape_text(network.most()) + ", at one scale or several; draw a class's scores over it");
  command.add_option("image", options->image, "PNG or JPEG file")->required();
  command.add_option("--weights", options->weights, "safetensors file")->required();
  command
      .add_option("--scales", options->scales,
                  "sizes of the image's smaller side, as 256,384,512 (default: its own); softmax outputs are "
                  "averaged")
      ->type_name("Q,...")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  command.add_flag("--flip", options->flip, "its mirror image, too");
  command.add_option("--top-k", options->top, "classes to print")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--labels", options->labels, "names of the classes, one a line (or .json)");
  command.add_flag("--json", options->json, "as JSON, with the logits at each scale");
  command.add_option("-o,--output", options->output, "PNG file to write: a class's scores over the image");
  command.add_option("--class", options->of_class, "whose scores (default: the most likely class's)")
      ->check(CLI::NonNegativeNumber);
  add_preprocess(command, options->preprocess);
  add_threads(command, options->threads);
  return [&command, &facts, &network, options] {
    if (command.parsed()) score(facts, network, *options);
  };
}

} // namespace vggen
