// The command line of `train`, and how the options of an interrupted training are found again.
#include "tools/program/texts.hpp"
#include "tools/trainer/commands.hpp"
#include "tools/trainer/recipes.hpp"
#include "tools/trainer/train.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/safetensors.hpp>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <memory>

namespace vggen {

namespace {

// What was given on the command line, in the long form.
void append_given(const CLI::App &command, argument_list &arguments) {
  for (const CLI::Option *option : command.get_options()) {
    if (option->count() == 0 || option->get_lnames().empty()) continue;
    const std::string name = "--" + option->get_lnames().front();
    std::string values;
    for (const auto &value : option->reduced_results())
      values += (values.empty() ? "" : ",") + value;
    const bool plain_flag = option->get_expected_max() == 0 && values == "true";
    arguments.push_back(plain_flag ? name : name + "=" + values);
  }
  for (const CLI::App *group : command.get_subcommands([](const CLI::App *) { return true; }))
    append_given(*group, arguments);
}

// The arguments that a later --resume needs: those that say what the training is, wherever it is resumed
// from.
argument_list recorded(const train_options &options) {
  argument_list arguments;
  for (const std::string &argument : options.arguments) {
    const std::string name = option_of(argument);
    if (name == "--data")
      arguments.push_back(name + "=" + std::filesystem::absolute(options.data).string());
    else if (name != "--resume" && name != "--output" && name != "--dry-run")
      arguments.push_back(argument);
  }
  return arguments;
}

argument_list read_recorded(const std::filesystem::path &checkpoint) {
  const safetensors_file file(checkpoint);
  try {
    return nlohmann::json::parse(file.metadata().at("arguments")).get<argument_list>();
  } catch (const std::exception &) {
    throw error(error_code::mismatch, checkpoint.string() + ": it does not hold the arguments of a training");
  }
}

// What a training begins with cannot be changed later.
void refuse_other_beginning(const argument_list &before, const argument_list &now) {
  constexpr std::array beginnings = {"--seed",      "--validation",       "--weights",
                                     "--shallower", "--pretrained",       "--normalise",
                                     "--recipe",    "--init-convolution", "--init-fully-connected",
                                     "--init-bias"};
  for (const std::string &argument : now) {
    const std::string name = option_of(argument);
    if (std::ranges::find(beginnings, name) == beginnings.end() || std::ranges::count(before, argument) > 0)
      continue;
    const auto was = std::ranges::find(before, name, option_of);
    throw error(error_code::invalid_argument, "--resume: found " + argument + ", but the training began " +
                                                  (was == before.end() ? "without " + name : "with " + *was) +
                                                  ", and that cannot be changed any more");
  }
}

// What these arguments say, with those that their recipe adds.
train_options parsed(const argument_list &arguments, const trainable_facts &network) {
  train_options options;
  CLI::App command;
  add_train_options(command, options);
  recipe_arguments all = with_recipe(arguments, network);
  std::ranges::reverse(all.arguments); // as CLI11 wants them
  command.parse(all.arguments);
  options.arguments = arguments;
  options.recipe_notes = all.notes;
  return options;
}

// The options of the training in the folder, where none are given now.
train_options resumed(const train_options &now, const trainable_facts &network) {
  const std::filesystem::path checkpoint = now.output / "last.safetensors";
  std::error_code ignored;
  if (!std::filesystem::exists(checkpoint, ignored))
    throw error(error_code::cannot_open, "--resume: there is no training in " + now.output.string() +
                                             " (no " + checkpoint.string() +
                                             "); --output is the folder of the one to go on with");
  const argument_list before = read_recorded(checkpoint), given = recorded(now);
  refuse_other_beginning(before, given);
  argument_list arguments;
  for (const std::string &argument : before) {
    const auto replaces = [&](const std::string &other) { return option_of(other) == option_of(argument); };
    if (option_of(argument) != "--output" && std::ranges::none_of(given, replaces))
      arguments.push_back(argument);
  }
  arguments.insert(arguments.end(), given.begin(), given.end());
  train_options options = parsed(arguments, network);
  options.output = now.output;
  options.resume = true;
  options.dry_run = now.dry_run;
  return options;
}

// Those of a new training.
train_options begun(const train_options &now, const trainable_facts &network) {
  train_options options = parsed(recorded(now), network);
  options.data = now.data;
  options.output = now.output;
  options.dry_run = now.dry_run;
  return options;
}

} // namespace

std::function<void()> add_train(CLI::App &app, trainable &network, runnable_model &model) {
  const auto options = std::make_shared<train_options>();
  const trainable_facts &facts = network.facts();
  const std::string what = facts.boxes == 1  ? " with a box"
                           : facts.boxes > 1 ? " with a box, in " + std::to_string(facts.classes) + " classes"
                                             : " in " + std::to_string(facts.classes) + " classes";
  CLI::App &command =
      *app.add_subcommand("train", "Train the network: images of " + shape_text(facts.input) + what + ", " +
                                       std::to_string(facts.batch) + " a batch");
  add_train_options(command, *options);
  return [&command, &network, &model, options] {
    if (!command.parsed()) return;
    append_given(command, options->arguments);
    *options = options->resume ? resumed(*options, network.facts()) : begun(*options, network.facts());
    options->optimiser.seed = options->seed;
    if (options->data.empty())
      throw error(error_code::invalid_argument, "train needs --data (see train --help)");
    train(network, model, *options);
  };
}

} // namespace vggen
