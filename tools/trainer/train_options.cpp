#include "tools/trainer/train_options.hpp"

#include "tools/trainer/number_check.hpp"
#include "tools/trainer/open_data.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/preprocessing.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace vggen {

namespace {

constexpr std::array<std::pair<std::string_view, learning_rate_kind>, 4> schedules{
    {{"constant", learning_rate_kind::constant},
     {"plateau", learning_rate_kind::plateau},
     {"steps", learning_rate_kind::steps},
     {"cosine", learning_rate_kind::cosine}}};

learning_rate_kind schedule_of(const std::string &name) {
  for (const auto &[known, kind] : schedules)
    if (known == name) return kind;
  throw error(error_code::invalid_argument,
              "--schedule: found '" + name + "', expected constant, plateau, steps or cosine");
}

// The name, if it is one that --normalise takes.
std::string normalisation_name(const std::string &name) {
  if (name == "data") return name;
  try {
    return find_preprocessing(name).name;
  } catch (const error &problem) {
    throw error(problem.code(), std::string("--normalise: ") + problem.what() + ", data");
  }
}

void add_run(CLI::App &command, train_options &o) {
  command.add_option("-o,--output", o.output, "folder for checkpoint, weights, logs and report")
      ->type_name("FOLDER")
      ->capture_default_str();
  command.add_flag("--resume", o.resume,
                   "go on with the training in --output, with its options; those given now replace them");
  command.add_flag("--dry-run", o.dry_run, "print what would be done; train nothing, write nothing");
  command
      .add_option("--threads", o.threads,
                  "threads that compute (default: VGGEN_NUM_THREADS, else all processors)")
      ->check(thread_count());
  command.add_option("--loader-threads", o.loader_threads, "threads that read and augment images")
      ->check(thread_count())
      ->capture_default_str();
  command.add_option("--seed", o.seed, "of weights, order, augmentation and dropout")
      ->check(seed_number())
      ->capture_default_str();
}

void add_data(CLI::App &data, train_options &o) {
  data.add_option("--data", o.data, "folder of the data set")->type_name("FOLDER");
  data.add_option("--format", o.format, data_formats)->type_name("NAME")->capture_default_str();
  data.add_option("--validation", o.validation,
                  "share of the training part kept for validation; 0: use the test part")
      ->check(share_below_one())
      ->capture_default_str();
  data.add_option("--crop-padding", o.crop_padding,
                  "black pixels put around each image, before a random part of the network's size is cut out")
      ->check(whole_number(0))
      ->capture_default_str();
  data.add_flag("--flip,!--no-flip", o.flip, "exchange left and right in half of the images");
  data.add_option("--scale-low", o.scale_low,
                  "scale each image so that its smaller side is random, from this (0: do not) ...")
      ->check(whole_number(0))
      ->capture_default_str();
  data.add_option("--scale-high", o.scale_high, "... to this many pixels, before the part is cut out")
      ->check(whole_number(0))
      ->capture_default_str();
  data.add_option("--colour-shift", o.colour_shift,
                  "deviation of the random shift along the colours' principal axes (AlexNet's: 0.1)")
      ->check(number_from_zero())
      ->capture_default_str();
  data.add_flag("--skip-unreadable", o.skip_unreadable, "leave unreadable images out instead of stopping");
}

void add_beginning(CLI::App &start, train_options &o) {
  const auto add_initialiser = [&](const char *name, initialiser &how, const char *what) {
    start
        .add_option_function<std::string>(
            name,
            [&how, name](const std::string &text) {
              try {
                how = parse_initialiser(text);
              } catch (const error &problem) {
                throw error(problem.code(), std::string(name) + ": " + problem.what());
              }
            },
            std::string("initialiser of ") + what)
        ->type_name("INIT")
        ->default_str(text_of(how));
  };
  add_initialiser("--init-convolution", o.initial.convolution, "the weights of convolutions");
  add_initialiser("--init-fully-connected", o.initial.fully_connected,
                  "the weights of fully connected layers");
  add_initialiser("--init-bias", o.initial.bias, "biases (without fans: one of the first five)");
  auto *const weights =
      start.add_option("--weights", o.weights, "weights file to begin with, instead")->type_name("FILE");
  start
      .add_option("--shallower", o.shallower,
                  "weights file of a shallower network, as the paper's configuration A: its first four "
                  "convolutions and its fully connected layers are copied, the others initialised")
      ->type_name("FILE")
      ->excludes(weights)
      ->excludes(
          start
              .add_option(
                  "--pretrained", o.pretrained,
                  "weights file of the same network for other classes, with a classifier of any layers or "
                  "none: all other layers are taken, and the classifier is initialised")
              ->type_name("FILE")
              ->excludes(weights));
  start
      .add_option_function<std::string>(
          "--normalise", [&o](const std::string &name) { o.normalise = normalisation_name(name); },
          "images by the numbers of torchvision, caffe or unit, or by the mean and deviation of the data "
          "(default: as the file of --weights or --pretrained says, else data)")
      ->type_name("NAME");
}

void add_learning_rate(CLI::App &rate, train_options &o) {
  rate.add_option("--learning-rate", o.rate.rate, "the highest")
      ->check(number_above_zero())
      ->capture_default_str();
  rate.add_option_function<std::string>(
          "--schedule", [&o](const std::string &name) { o.rate.kind = schedule_of(name); },
          "what it does after the warm-up: constant, plateau, steps or cosine")
      ->type_name("NAME")
      ->default_str("cosine");
  rate.add_option("--warm-up", o.warm_up, "epochs in which it rises to its highest")
      ->check(number_from_zero())
      ->capture_default_str();
  rate.add_option("--rate-factor", o.rate.factor, "plateau, steps: what it is multiplied by")
      ->check(factor_below_one())
      ->capture_default_str();
  rate.add_option("--patience", o.rate.patience,
                  "plateau: that happens after more than so many epochs without a better validation accuracy "
                  "(of boxes: overlap)")
      ->check(whole_number(0))
      ->capture_default_str();
  rate.add_option("--reductions", o.rate.reductions,
                  "plateau: that happens so often at most (0: any number of times)")
      ->check(whole_number(0, 1000))
      ->capture_default_str();
  rate.add_option("--milestones", o.rate.milestones,
                  "steps: that happens after each of these numbers of epochs")
      ->check(whole_number(1))
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  rate.add_option("--rate-minimum", o.rate.minimum, "plateau, cosine: it is never below")
      ->check(number_from_zero())
      ->capture_default_str();
  rate.add_option("--freeze-until", o.factors.freeze_until,
                  "leave all layers before this one as they are, but those that --rate names")
      ->type_name("LAYER");
  rate.add_option(
          "--cache-features", o.features,
          "of a network some of whose layers were frozen when it was compiled: what they give for each "
          "image is kept in this file, and only the others run; written if it is not there, or of "
          "something else")
      ->type_name("FILE");
  rate.add_option_function<std::vector<std::string>>(
          "--rate",
          [&o](const std::vector<std::string> &texts) {
            o.factors.rates.clear();
            for (const std::string &text : texts)
              o.factors.rates.push_back(parse_layer_rate(text));
          },
          "multiply it by FACTOR for a layer (conv1_1, ...: see summary); 0: leave the layer as it is; may "
          "be given several times")
      ->type_name("LAYER=FACTOR")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_recipe(CLI::App &recipe, train_options &o) {
  recipe
      .add_option(
          "--recipe", o.recipe,
          "paper or torchvision: defaults as they were published (batches of 256, ...); every option that is "
          "given too, before or after, replaces the recipe's")
      ->type_name("NAME");
  recipe.add_option("--epochs", o.epochs, "how often all images are seen")
      ->check(whole_number(1))
      ->capture_default_str();
  recipe
      .add_option("--stop-after", o.stop_after,
                  "stop after so many epochs without a better validation accuracy, or overlap (0: never)")
      ->check(whole_number(0))
      ->capture_default_str();
  recipe.add_option("--momentum", o.optimiser.momentum, "of stochastic gradient descent")
      ->check(share_below_one())
      ->capture_default_str();
  recipe.add_flag("--nesterov", o.optimiser.nesterov, "Nesterov's momentum");
  recipe.add_option("--weight-decay", o.optimiser.weight_decay, "factor of the L2 penalty on weights")
      ->check(number_from_zero())
      ->capture_default_str();
  recipe.add_flag("--decay-biases", o.factors.decay_biases, "the penalty is for biases, too");
  recipe
      .add_option("--no-decay", o.factors.no_decay,
                  "a layer that the penalty spares; may be given several times")
      ->type_name("LAYER")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  recipe
      .add_option("--label-smoothing", o.optimiser.label_smoothing,
                  "share of each label that is spread over all classes")
      ->check(share_below_one())
      ->capture_default_str();
  recipe
      .add_option("--clip-norm", o.optimiser.clip_norm,
                  "gradients whose norm is larger are scaled down to it (0: never)")
      ->check(number_from_zero())
      ->capture_default_str();
  recipe.add_option("--accumulate", o.optimiser.accumulate, "batches whose gradients make one step")
      ->check(whole_number(1))
      ->capture_default_str();
}

} // namespace

void add_train_options(CLI::App &command, train_options &o) {
  command.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  add_run(command, o);
  add_data(*command.add_option_group("Data"), o);
  add_beginning(*command.add_option_group("Beginning"), o);
  add_learning_rate(*command.add_option_group("Learning rate"), o);
  add_recipe(*command.add_option_group("Recipe"), o);
  command.footer("INIT is one of " + known_initialisers() + ".\nThe guide is docs/training.md.");
}

} // namespace vggen
