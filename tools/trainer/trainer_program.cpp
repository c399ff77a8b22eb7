#include "tools/trainer/trainer_program.hpp"

#include "tools/trainer/train.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace vggen {

namespace {

std::function<void()> add_train(CLI::App &app, trainable &network) {
  const auto options = std::make_shared<train_options>();
  CLI::App &command = *app.add_subcommand("train", "Train the network on a data set");
  command.add_option("--data", options->data, "the folder of the data set")->required();
  command.add_option("--format", options->format, "auto, idx, cifar10, cifar100 or folder")
      ->capture_default_str();
  command.add_option("--epochs", options->epochs, "how often all images are seen")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--learning-rate", options->learning_rate, "at its highest")->capture_default_str();
  command.add_option("--warm-up", options->warm_up, "epochs until it is")->capture_default_str();
  command.add_option("--momentum", options->optimiser.momentum)->capture_default_str();
  command.add_option("--weight-decay", options->optimiser.weight_decay)->capture_default_str();
  command.add_flag("--nesterov", options->optimiser.nesterov);
  command.add_option("--label-smoothing", options->optimiser.label_smoothing)->capture_default_str();
  command.add_option("--crop-padding", options->crop_padding, "pixels")->capture_default_str();
  command.add_flag("--flip", options->flip, "exchange left and right in half of the images");
  command.add_option("--seed", options->seed)->capture_default_str();
  command.add_option("--threads", options->threads)->check(CLI::Range(1, 256));
  command.add_option("--loader-threads", options->loader_threads)
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  return [&command, &network, options] {
    if (!command.parsed()) return;
    options->optimiser.seed = options->seed;
    train(network, *options);
  };
}

} // namespace

std::vector<command> training_commands(trainable &network, runnable_model &) {
  return {[&network](CLI::App &app) { return add_train(app, network); }};
}

} // namespace vggen
