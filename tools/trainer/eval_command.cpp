// The command `eval`: how well weights classify a data set, or find the boxes of its images.
#include "tools/program/texts.hpp"
#include "tools/trainer/box_evaluation.hpp"
#include "tools/trainer/commands.hpp"
#include "tools/trainer/data_parts.hpp"
#include "tools/trainer/dense_evaluation.hpp"
#include "tools/trainer/evaluation.hpp"
#include "tools/trainer/number_check.hpp"
#include "tools/trainer/open_data.hpp"
#include "tools/trainer/view_evaluation.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/load_parameters.hpp>
#include <vggen/io/safetensors.hpp>
#include <vggen/train/checkpoint.hpp>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vggen {

namespace {

struct eval_options {
  std::filesystem::path data;
  std::vector<std::filesystem::path> weights; // several: an ensemble
  std::vector<int> scales;
  std::optional<int> crops;
  bool flip = false, dense = false;
  std::string format = "auto", part = "test";
  int threads = 0, loader_threads = 1;
  bool json = false;
};

CLI::Validator one_of_parts() {
  return {[](const std::string &part) {
            return part == "test" || part == "training" ? std::string()
                                                        : "found " + part + ", expected test or training";
          },
          ""};
}

CLI::Validator crop_count() {
  return {[](const std::string &count) {
            return count == "1" || count == "5" || count == "25" || count == "50"
                       ? std::string()
                       : "found " + count + ", expected 1, 5, 25, or 50 for 25 with --flip";
          },
          ""};
}

// Says so if the data call a class otherwise than the weights do: they may have the classes in another order.
void compare_names(const safetensors_file &weights, const std::vector<std::string> &classes) {
  const auto entry = weights.metadata().find("labels");
  if (entry == weights.metadata().end()) return;
  const auto names = nlohmann::json::parse(entry->second, nullptr, false);
  if (!names.is_array() || names.size() != classes.size()) return;
  for (std::size_t i = 0; i < classes.size(); ++i)
    if (names[i] != classes[i]) {
      std::fprintf(stderr, "note: class %zu is %s to the weights, and \"%s\" to the data\n", i,
                   names[i].dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str(),
                   classes[i].c_str());
      return;
    }
}

preprocessing preprocessing_in(const safetensors_file &weights) {
  return parse_preprocessing(preprocess_of(weights).value_or("torchvision"));
}

view_options views_of(const eval_options &o) {
  const int crops = o.crops.value_or(1);
  return {.scales = o.scales, .crops = crops == 50 ? 25 : crops, .flip = o.flip || crops == 50};
}

// Loads the only file of weights. Returns how images are normalised for them.
normalisation load_single(trainable &network, const eval_options &o, const dataset &pictures) {
  network.prepare(o.threads);
  const std::filesystem::path &path = o.weights.front();
  for (const auto &note : load_weights(path, network))
    std::fprintf(stderr, "note: %s\n", note.c_str());
  const safetensors_file weights(path);
  compare_names(weights, pictures.class_names());
  return normalisation_of(preprocessing_in(weights), network.facts());
}

// The weights, all looked at before the first ones run.
std::vector<ensemble_member> members_of(const trainable_facts &facts, const eval_options &o,
                                        const std::vector<std::string> &class_names) {
  std::vector<ensemble_member> members;
  for (const auto &path : o.weights) {
    const safetensors_file weights(path);
    static_cast<void>(load_parameters(facts.parameter_tensors, weights));
    compare_names(weights, class_names);
    members.push_back({.weights = path, .how = normalisation_of(preprocessing_in(weights), facts)});
  }
  return members;
}

// By views, by whole pictures, or by the mean of both.
evaluation_result eval_published(trainable &network, dense_classifier *whole, const eval_options &o,
                                 const view_options &how, const std::shared_ptr<const dataset> &pictures) {
  const trainable_facts &facts = network.facts();
  const auto members = members_of(facts, o, pictures->class_names());
  std::vector<double> means;
  if (o.dense)
    means =
        dense_probabilities(*whole, *pictures, {.scales = o.scales, .flip = how.flip}, members, o.threads);
  if (!o.dense || o.crops) {
    const auto views = std::make_shared<const view_dataset>(pictures, extent_of(facts), how);
    network.prepare(o.threads);
    auto of_views = view_probabilities(network, views, members, o.loader_threads);
    for (std::size_t i = 0; i < means.size(); ++i)
      of_views[i] = (of_views[i] + means[i]) / 2;
    means = std::move(of_views);
  }
  return count_probabilities(means, *pictures, facts.classes);
}

void print_views(const eval_options &o, const view_options &how) {
  std::string at;
  for (const int scale : how.scales)
    at += (at.empty() ? " at " : ", ") + std::to_string(scale);
  if (how.flip) at += ", mirrored too";
  if (o.dense) std::printf("whole images%s%s", at.c_str(), o.crops ? ", and " : "");
  if (!o.dense || o.crops)
    std::printf("%lld view%s of each image: %d crop%s%s", static_cast<long long>(how.count()),
                how.count() == 1 ? "" : "s", how.crops, how.crops == 1 ? "" : "s", at.c_str());
  std::printf("; %zu weights file%s\n", o.weights.size(), o.weights.size() == 1 ? "" : "s");
}

nlohmann::ordered_json to_json(const evaluation_result &result, const std::vector<std::string> &class_names) {
  const auto images = static_cast<double>(result.totals.images);
  auto classes = nlohmann::ordered_json::array();
  for (int c = 0; c < result.confusion.classes(); ++c)
    classes.push_back({{"class", class_names[static_cast<std::size_t>(c)]},
                       {"images", result.confusion.images_of(c)},
                       {"precision", result.confusion.precision(c)},
                       {"recall", result.confusion.recall(c)},
                       {"f1", result.confusion.f1(c)}});
  return {{"images", result.totals.images},
          {"top_1", static_cast<double>(result.totals.correct) / images},
          {"top_5", static_cast<double>(result.in_top_5) / images},
          {"loss", result.totals.mean_loss()},
          {"confusion", result.confusion.counts()},
          {"classes", classes}};
}

// Of boxes: the middle of each picture.
void eval_boxes(trainable &network, const eval_options &o, const std::shared_ptr<const dataset> &pictures) {
  const normalisation how = load_single(network, o, *pictures);
  const box_evaluation result = evaluate_boxes(network, pictures, how, o.loader_threads);
  if (o.json)
    std::cout << to_json(result, pictures->class_names()).dump() << '\n';
  else
    print_evaluation(result, pictures->class_names());
}

void eval(trainable &network, dense_classifier *whole, const eval_options &o) {
  const trainable_facts &facts = network.facts();
  const view_options how = views_of(o);
  if (!o.dense || o.crops) check_views(how, extent_of(facts));
  const auto pictures = open_part(o.data, o.format, o.part == "test", facts);
  const bool as_published = o.dense || !o.scales.empty() || o.crops || o.flip || o.weights.size() > 1;
  if (facts.boxes > 0) {
    if (as_published)
      throw error(
          error_code::invalid_argument,
          "eval: found several views of each image, or several weights, expected one of each: boxes are "
          "not averaged");
    return eval_boxes(network, o, pictures);
  }
  const evaluation_result result =
      as_published ? eval_published(network, whole, o, how, pictures)
                   : evaluate_all(network, pictures, load_single(network, o, *pictures), o.loader_threads, 0);
  if (o.json) {
    auto json = to_json(result, pictures->class_names());
    if (as_published) {
      json["dense"] = o.dense;
      json["scales"] = how.scales;
      json["flip"] = how.flip;
      if (!o.dense || o.crops) {
        json["crops"] = how.crops;
        json["views_per_image"] = how.count();
      }
      json["weights"] = o.weights.size();
    }
    std::cout << json.dump() << '\n';
    return;
  }
  if (as_published) print_views(o, how);
  print_evaluation(result, pictures->class_names());
}

} // namespace

std::function<void()> add_eval(CLI::App &app, trainable &network, dense_classifier *whole) {
  const auto options = std::make_shared<eval_options>();
  const trainable_facts &facts = network.facts();
  CLI::App &command = *app.add_subcommand(
      "eval", facts.boxes > 0 ? "Measure how well the boxes of weights overlap with those of a data set"
                              : "Measure how well weights classify a data set of " +
                                    std::to_string(facts.classes) + " classes");
  command.add_option("--data", options->data, "folder of the data set")->type_name("FOLDER")->required();
  command
      .add_option("--weights", options->weights,
                  "weights file, or a checkpoint; of several the softmax outputs are averaged")
      ->type_name("FILE")
      ->required();
  command.add_option("--format", options->format, data_formats)->type_name("NAME")->capture_default_str();
  command.add_option("--part", options->part, "the part of the data set: test or training")
      ->type_name("NAME")
      ->check(one_of_parts())
      ->capture_default_str();
  command
      .add_option(
          "--scales", options->scales,
          "several views of each image, at these sizes of its smaller side, as 256,384,512 (default: the "
          "network's); their softmax outputs are averaged")
      ->type_name("Q,...")
      ->delimiter(',')
      ->check(whole_number(1));
  command
      .add_option(
          "--crops", options->crops,
          "views at each scale: 1, the middle; 5, the corners too; 25, a grid of 5x5 (default: 1). 50 is "
          "25 with --flip")
      ->type_name("N")
      ->check(crop_count());
  command.add_flag("--flip", options->flip, "each crop's mirror image, too");
  if (whole)
    command.add_flag("--dense", options->dense,
                     "whole images, of any extent from " + shape_text(whole->least()) + " to " +
                         shape_text(whole->most()) +
                         ", at each scale (default: their own), the scores averaged over space; with --crops "
                         "the mean of both");
  command
      .add_option("--threads", options->threads,
                  "threads that compute (default: VGGEN_NUM_THREADS, else all processors)")
      ->check(thread_count());
  command.add_option("--loader-threads", options->loader_threads, "threads that read images")
      ->check(thread_count())
      ->capture_default_str();
  command.add_flag("--json", options->json, "as JSON, with the confusion matrix");
  return [&command, &network, whole, options] {
    if (command.parsed()) eval(network, whole, *options);
  };
}

} // namespace vggen
