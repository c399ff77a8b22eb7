// The options of `train`, and how those of an interrupted training are found again.
#include "tools/trainer/commands.hpp"
#include "tools/trainer/train.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/safetensors.hpp>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <memory>

namespace vggen {

namespace {

void add_options(CLI::App &command, train_options &o) {
  command.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  const auto positive = CLI::PositiveNumber;
  const auto not_negative = CLI::NonNegativeNumber;
  const std::map<std::string, learning_rate_kind> policies{{"constant", learning_rate_kind::constant},
                                                           {"plateau", learning_rate_kind::plateau},
                                                           {"steps", learning_rate_kind::steps},
                                                           {"cosine", learning_rate_kind::cosine}};
  command.add_option("-o,--output", o.output, "folder for checkpoint, weights, logs and report")
      ->capture_default_str();
  command.add_flag("--resume", o.resume, "go on with the training in --output, with its options");
  command
      .add_option("--threads", o.threads,
                  "threads that compute (default: VGGEN_NUM_THREADS, else all processors)")
      ->check(CLI::Range(1, 256));
  command.add_option("--loader-threads", o.loader_threads, "threads that read and augment images")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command.add_option("--seed", o.seed, "of weights, order, augmentation and dropout")->capture_default_str();

  auto *const data = command.add_option_group("Data");
  data->add_option("--data", o.data, "folder of the data set");
  data->add_option("--format", o.format, "auto, idx, cifar10, cifar100 or folder (one subfolder a class)")
      ->capture_default_str();
  data->add_option("--validation", o.validation,
                   "share of the training part kept for validation; 0: use the test part")
      ->capture_default_str();
  data->add_option("--crop-padding", o.crop_padding,
                   "pixels around each image, of which a random part is cut out")
      ->check(not_negative)
      ->capture_default_str();
  data->add_flag("--flip", o.flip, "exchange left and right in half of the images");
  data->add_option("--scale-low", o.scale_low, "smallest random size of an image's smaller side (0: none)")
      ->check(not_negative);
  data->add_option("--scale-high", o.scale_high, "largest such size")->check(not_negative);
  data->add_option("--colour-shift", o.colour_shift,
                   "deviation of the random shift along the colours' principal axes")
      ->check(not_negative);
  data->add_flag("--skip-unreadable", o.skip_unreadable, "leave unreadable images out instead of stopping");

  auto *const recipe = command.add_option_group("Recipe");
  recipe->add_option("--epochs", o.epochs, "how often all images are seen")
      ->check(positive)
      ->capture_default_str();
  recipe->add_option("--learning-rate", o.rate.rate, "at its highest")
      ->check(positive)
      ->capture_default_str();
  recipe->add_option("--schedule", o.rate.kind, "of the learning rate: constant, plateau, steps or cosine")
      ->transform(CLI::CheckedTransformer(policies, CLI::ignore_case))
      ->default_str("cosine");
  recipe->add_option("--warm-up", o.warm_up, "epochs in which the rate rises to its highest")
      ->check(not_negative)
      ->capture_default_str();
  recipe->add_option("--rate-factor", o.rate.factor, "plateau, steps: what the rate is multiplied by")
      ->capture_default_str();
  recipe->add_option("--rate-minimum", o.rate.minimum, "the rate is never below it")->capture_default_str();
  recipe->add_option("--patience", o.rate.patience, "plateau: epochs without improvement before that")
      ->capture_default_str();
  recipe
      ->add_option("--milestones", o.rate.milestones, "steps: the numbers of epochs after which that happens")
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  recipe->add_option("--momentum", o.optimiser.momentum, "of the optimiser")->capture_default_str();
  recipe->add_flag("--nesterov", o.optimiser.nesterov, "Nesterov's momentum");
  recipe->add_option("--weight-decay", o.optimiser.weight_decay, "of the L2 penalty")->capture_default_str();
  recipe->add_flag("--decay-biases", o.decay_biases, "the penalty is for biases, too");
  recipe
      ->add_option("--label-smoothing", o.optimiser.label_smoothing,
                   "share of the label given to all classes")
      ->capture_default_str();
  recipe->add_option("--clip-norm", o.optimiser.clip_norm, "largest norm of the gradient (0: any)")
      ->capture_default_str();
  recipe->add_option("--accumulate", o.optimiser.accumulate, "batches whose gradients make one step")
      ->check(positive)
      ->capture_default_str();
  const auto add_initialiser = [&](const char *name, initialiser &how, const char *what) {
    recipe
        ->add_option_function<std::string>(
            name, [&how](const std::string &text) { how = parse_initialiser(text); },
            std::string(what) +
                ": zeros, constant(x), normal(x), uniform(x), lecun_normal, glorot_uniform, he_normal, "
                "orthogonal, ...")
        ->default_str(text_of(how));
  };
  add_initialiser("--init-convolution", o.initial.convolution, "how weights of convolutions begin");
  add_initialiser("--init-fully-connected", o.initial.fully_connected,
                  "how those of fully connected layers begin");
  add_initialiser("--init-bias", o.initial.bias, "how biases begin");
  recipe->add_option("--weights", o.weights, "weights file to begin with (default: random)");
  recipe->add_option("--stop-after", o.stop_after, "stop after so many epochs without improvement (0: never)")
      ->check(not_negative);
}

// What was given on the command line, in the long form.
void append_given(const CLI::App &command, std::vector<std::string> &arguments) {
  for (const CLI::Option *option : command.get_options()) {
    if (option->count() == 0 || option->get_lnames().empty()) continue;
    const std::string name = "--" + option->get_lnames().front();
    if (option->get_expected_max() == 0) { // a flag
      arguments.push_back(name);
      continue;
    }
    std::string values;
    for (const auto &value : option->results())
      values += (values.empty() ? "" : ",") + value;
    arguments.push_back(name + "=" + values);
  }
  for (const CLI::App *group : command.get_subcommands([](const CLI::App *) { return true; }))
    append_given(*group, arguments);
}

// The options of the training in the folder, and over them what is given now.
train_options resumed(const train_options &now) {
  const std::filesystem::path checkpoint = now.output / "last.safetensors";
  std::vector<std::string> arguments;
  const safetensors_file file(checkpoint);
  try {
    arguments = nlohmann::json::parse(file.metadata().at("arguments")).get<std::vector<std::string>>();
  } catch (const std::exception &) {
    throw error(error_code::mismatch, checkpoint.string() + ": it does not hold the arguments of a training");
  }
  for (const auto &argument : now.arguments)
    if (argument != "--resume") arguments.push_back(argument);
  train_options options;
  CLI::App command;
  add_options(command, options);
  auto reversed = arguments; // as CLI11 wants them
  std::ranges::reverse(reversed);
  command.parse(reversed);
  options.resume = true;
  options.arguments = std::move(arguments);
  return options;
}

} // namespace

std::function<void()> add_train(CLI::App &app, trainable &network, runnable_model &model) {
  const auto options = std::make_shared<train_options>();
  CLI::App &command = *app.add_subcommand("train", "Train the network on a data set");
  add_options(command, *options);
  return [&command, &network, &model, options] {
    if (!command.parsed()) return;
    append_given(command, options->arguments);
    if (options->resume) *options = resumed(*options);
    options->optimiser.seed = options->seed;
    if (options->data.empty())
      throw error(error_code::invalid_argument, "train needs --data (see train --help)");
    train(network, model, *options);
  };
}

} // namespace vggen
