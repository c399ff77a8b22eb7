// The command `eval`: how well weights classify a data set.
#include "tools/trainer/commands.hpp"
#include "tools/trainer/data_parts.hpp"
#include "tools/trainer/evaluation.hpp"
#include "tools/trainer/number_check.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/load_parameters.hpp>
#include <vggen/io/safetensors.hpp>
#include <vggen/train/checkpoint.hpp>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <iostream>
#include <memory>

namespace vggen {

namespace {

struct eval_options {
  std::filesystem::path data, weights;
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

void eval(trainable &network, const eval_options &o) {
  const trainable_facts &facts = network.facts();
  const auto pictures = open_part(o.data, o.format, o.part == "test", facts);
  network.prepare(o.threads);
  for (const auto &note : load_weights(o.weights, network))
    std::fprintf(stderr, "note: %s\n", note.c_str());
  const safetensors_file weights(o.weights);
  compare_names(weights, pictures->class_names());
  const auto how = parse_preprocessing(preprocess_of(weights).value_or("torchvision"));
  const auto result = evaluate_all(network, pictures, normalisation_of(how, facts), o.loader_threads, 0);
  if (!o.json) {
    print_evaluation(result, pictures->class_names());
    return;
  }
  const auto images = static_cast<double>(result.totals.images);
  auto classes = nlohmann::ordered_json::array();
  for (int c = 0; c < facts.classes; ++c)
    classes.push_back({{"class", pictures->class_names()[static_cast<std::size_t>(c)]},
                       {"images", result.confusion.images_of(c)},
                       {"precision", result.confusion.precision(c)},
                       {"recall", result.confusion.recall(c)},
                       {"f1", result.confusion.f1(c)}});
  std::cout << nlohmann::ordered_json{{"images", result.totals.images},
                                      {"top_1", static_cast<double>(result.totals.correct) / images},
                                      {"top_5", static_cast<double>(result.in_top_5) / images},
                                      {"loss", result.totals.mean_loss()},
                                      {"confusion", result.confusion.counts()},
                                      {"classes", classes}}
                   .dump()
            << '\n';
}

} // namespace

std::function<void()> add_eval(CLI::App &app, trainable &network) {
  const auto options = std::make_shared<eval_options>();
  CLI::App &command = *app.add_subcommand("eval", "Measure how well weights classify a data set of " +
                                                      std::to_string(network.facts().classes) + " classes");
  command.add_option("--data", options->data, "folder of the data set")->type_name("FOLDER")->required();
  command.add_option("--weights", options->weights, "weights file, or a checkpoint")
      ->type_name("FILE")
      ->required();
  command
      .add_option("--format", options->format,
                  "auto, idx, cifar10, cifar100 or folder (one subfolder a class)")
      ->type_name("NAME")
      ->capture_default_str();
  command.add_option("--part", options->part, "the part of the data set: test or training")
      ->type_name("NAME")
      ->check(one_of_parts())
      ->capture_default_str();
  command
      .add_option("--threads", options->threads,
                  "threads that compute (default: VGGEN_NUM_THREADS, else all processors)")
      ->check(thread_count());
  command.add_option("--loader-threads", options->loader_threads, "threads that read images")
      ->check(thread_count())
      ->capture_default_str();
  command.add_flag("--json", options->json, "as JSON, with the confusion matrix");
  return [&command, &network, options] {
    if (command.parsed()) eval(network, *options);
  };
}

} // namespace vggen
