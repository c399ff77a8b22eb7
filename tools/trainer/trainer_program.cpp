#include "tools/trainer/trainer_program.hpp"

#include "tools/trainer/commands.hpp"

namespace vggen {

std::vector<command> training_commands(trainable &network, runnable_model &model) {
  return {[&](CLI::App &app) { return add_train(app, network, model); },
          [&](CLI::App &app) { return add_eval(app, network); },
          [&](CLI::App &app) { return add_train_bench(app, network); },
          [](CLI::App &app) { return add_samples(app); }};
}

} // namespace vggen
