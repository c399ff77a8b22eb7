#include "tools/trainer/trainer_program.hpp"

#include "tools/trainer/commands.hpp"

namespace vggen {

std::vector<command> training_commands(trainable &network, runnable_model &model, dense_classifier *whole) {
  return {[&](CLI::App &app) { return add_train(app, network, model); },
          [&network, whole](CLI::App &app) { return add_eval(app, network, whole); },
          [&](CLI::App &app) { return add_train_bench(app, network); },
          [](CLI::App &app) { return add_samples(app); }};
}

} // namespace vggen
