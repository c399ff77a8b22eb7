// The subcommands of a program that trains. Each adds itself, and returns what it does if it is given.
#pragma once

#include "tools/program/dense_classifier.hpp"
#include "tools/program/runnable_model.hpp"

#include <vggen/train/trainable.hpp>

#include <functional>

namespace CLI {
class App;
}

namespace vggen {

std::function<void()> add_train(CLI::App &app, trainable &network, runnable_model &model);
/// whole: the same network for whole images; null: the program has none.
std::function<void()> add_eval(CLI::App &app, trainable &network, dense_classifier *whole);
std::function<void()> add_train_bench(CLI::App &app, trainable &network);
std::function<void()> add_samples(CLI::App &app);

} // namespace vggen
