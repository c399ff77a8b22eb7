#include "tools/program/explain.hpp"

#include "tools/program/common_options.hpp"
#include "tools/program/loaded_model.hpp"
#include "tools/program/seen_picture.hpp"
#include "tools/program/softmax.hpp"
#include "tools/program/texts.hpp"

#include <vggen/io/class_map.hpp>
#include <vggen/io/error.hpp>
#include <vggen/io/load_parameters.hpp>
#include <vggen/io/preprocessing.hpp>
#include <vggen/io/read_image.hpp>
#include <vggen/io/write_png.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>

namespace vggen {

namespace {

struct explain_options {
  std::filesystem::path image, weights, output;
  std::string layer, preprocess;
  int of_class = -1; // -1: the most likely one
  int threads = 0;
};

const explained_layer &find_layer(const explainable &model, const std::string &name) {
  if (name.empty()) return model.layers().back();
  std::string known;
  for (const explained_layer &layer : model.layers()) {
    if (layer.name == name) return layer;
    known += (known.empty() ? "" : ", ") + layer.name;
  }
  throw error(error_code::invalid_argument,
              "--layer: found '" + name + "', expected one of those that the program keeps: " + known);
}

void explain(const model_facts &facts, explainable &model, const explain_options &o) {
  const explained_layer &layer = find_layer(model, o.layer);
  if (o.of_class >= facts.output.channels)
    throw error(error_code::invalid_argument, "--class: found " + std::to_string(o.of_class) +
                                                  ", expected one below " +
                                                  std::to_string(facts.output.channels));
  const safetensors_file file = open_weights(facts, o.weights);
  const loaded_parameters parameters = load_parameters(facts.parameter_tensors, file, {});
  for (const auto &note : parameters.notes)
    std::fprintf(stderr, "note: %s\n", note.c_str());
  const preprocessing how = chosen_preprocessing(o.preprocess, file);
  const shape &in = facts.input;
  const auto pixels = prepare_image(read_image(o.image), in.channels, in.height, in.width, how);
  model.prepare(parameters.sources(), o.threads);
  const auto logits = model.classify(pixels, constants_of(how, in.channels), how.reverse_channels);
  if (!std::ranges::all_of(logits, [](float v) { return std::isfinite(v); }))
    throw error(error_code::execution_failed, o.image.string() + ": the logits are not finite; " +
                                                  file.path().string() + " holds damaged values");
  const int likely = static_cast<int>(std::ranges::max_element(logits) - logits.begin());
  const int chosen = o.of_class < 0 ? likely : o.of_class;
  const explanation found = model.explain(layer, chosen);
  const auto map = class_activation_map(found.activations, found.gradients, layer.extent);
  if (std::ranges::max(map) == 0)
    std::fprintf(stderr, "note: nothing in %s speaks for class %d: the map is empty\n", layer.name.c_str(),
                 chosen);
  write_png(o.output, with_map(seen_picture(pixels, in), map, layer.extent.height, layer.extent.width));
  std::printf("%s: class %d, %.1f %%, seen by %s (%s)\n", o.output.c_str(), chosen,
              100 * softmax_of(logits)[static_cast<std::size_t>(chosen)], layer.name.c_str(),
              shape_text(layer.extent).c_str());
}

} // namespace

std::function<void()> add_explain(CLI::App &app, const model_facts &facts, explainable &model) {
  const auto options = std::make_shared<explain_options>();
  CLI::App &command = *app.add_subcommand(
      "explain", "Draw where in an image the network sees a class (Grad-CAM), as a PNG file");
  command.add_option("image", options->image, "PNG or JPEG file")->required();
  command.add_option("--weights", options->weights, "safetensors file")->required();
  command.add_option("-o,--output", options->output, "PNG file to write")->required();
  command.add_option("--class", options->of_class, "the class's number (default: the most likely one)")
      ->check(CLI::NonNegativeNumber);
  std::string known;
  for (const explained_layer &layer : model.layers())
    known += (known.empty() ? "" : ", ") + layer.name;
  command.add_option("--layer", options->layer, "of " + known + " (default: the last)");
  add_preprocess(command, options->preprocess);
  add_threads(command, options->threads);
  return [&command, &facts, &model, options] {
    if (command.parsed()) explain(facts, model, *options);
  };
}

} // namespace vggen
