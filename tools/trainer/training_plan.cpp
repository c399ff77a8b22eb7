#include "tools/trainer/training_plan.hpp"

#include "tools/program/texts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace vggen {

namespace {

using lines = std::vector<std::string>;

constexpr std::int64_t cosine_ranges = 8; // into which its epochs are put

std::string number(double v) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g", v);
  return text.data();
}

std::string megabytes(std::size_t bytes) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.1f MiB", static_cast<double>(bytes) / (1 << 20));
  return text.data();
}

// The epochs before which the rate does something else, from 0 to the number of epochs.
std::vector<std::int64_t> ends_of_ranges(const learning_rate_policy &policy, std::int64_t steps,
                                         std::int64_t epochs) {
  const std::int64_t warm = std::min(epochs, (policy.warmup_steps + steps - 1) / steps);
  std::vector<std::int64_t> ends = {0, warm};
  if (policy.kind == learning_rate_kind::steps)
    for (const std::int64_t milestone : policy.milestones)
      if (milestone > warm && milestone < epochs) ends.push_back(milestone);
  if (policy.kind == learning_rate_kind::cosine)
    for (std::int64_t i = 1; i < cosine_ranges; ++i)
      ends.push_back(warm + (epochs - warm) * i / cosine_ranges);
  ends.push_back(epochs);
  const auto same = std::ranges::unique(ends);
  ends.erase(same.begin(), same.end());
  return ends;
}

std::string data_line(const training_plan &plan) {
  const data_parts &data = plan.data;
  std::string line = plan.options.data.string() + " (" + data.kind +
                     "): " + std::to_string(data.training->class_names().size()) + " classes, " +
                     grouped(data.training->size()) + " images to train with, ";
  if (plan.options.validation == 0)
    return line + grouped(data.validation->size()) + " of the " + data.validation_name + " to validate with";
  line += grouped(data.validation->size()) + " kept for validation";
  return data.test == data.validation ? line + ", no test part"
                                      : line + ", " + grouped(data.test->size()) + " to test";
}

std::string steps_line(const training_plan &plan) {
  const int batches = plan.options.optimiser.accumulate;
  const std::int64_t steps = steps_in_epoch(plan.data.training->size(), plan.network, plan.options.optimiser);
  std::string line =
      grouped(steps) + " an epoch, of " + grouped(std::int64_t{batches} * plan.network.batch) + " images";
  if (batches > 1)
    line += " (" + std::to_string(batches) + " batches of " + std::to_string(plan.network.batch) + ")";
  line += "; " + std::to_string(plan.options.epochs) + " epochs";
  if (plan.options.stop_after > 0)
    line += ", or until " + std::to_string(plan.options.stop_after) + " bring no better validation " +
            (plan.network.boxes > 0 ? "overlap" : "accuracy");
  return line;
}

lines optimiser_lines(const train_options &options) {
  const optimiser_settings &o = options.optimiser;
  std::string line = "SGD, momentum " + number(o.momentum) + (o.nesterov ? " (Nesterov)" : "") +
                     ", weight decay " + number(o.weight_decay) +
                     (options.factors.decay_biases ? " of weights and biases" : " of weights");
  if (o.label_smoothing > 0) line += ", label smoothing " + number(o.label_smoothing);
  if (o.clip_norm > 0) line += ", gradients clipped to the norm " + number(o.clip_norm);
  return {line, "seed " + std::to_string(options.seed)};
}

std::string augmentation_line(const train_options &o, const shape &input) {
  std::string line;
  const auto add = [&](const std::string &what) { line += (line.empty() ? "" : ", ") + what; };
  if (o.scale_low > 0)
    add("smaller side " + std::to_string(o.scale_low) + " to " + std::to_string(o.scale_high) + " pixels");
  if (o.crop_padding > 0) add("padding of " + std::to_string(o.crop_padding));
  if (o.scale_low > 0 || o.crop_padding > 0)
    add("crop of " + std::to_string(input.height) + "x" + std::to_string(input.width));
  if (o.flip) add("flip");
  if (o.colour_shift > 0) add("colour shift " + number(o.colour_shift));
  return line.empty() ? "none" : line;
}

lines layer_lines(const training_plan &plan) {
  std::vector<std::string> frozen;
  for (const parameter_info &info : plan.network.parameter_tensors.first(plan.network.first_trained))
    if (frozen.empty() || frozen.back() != info.name.view()) frozen.emplace_back(info.name.view());
  lines all = lines_of(plan.options.factors);
  if (!frozen.empty()) all.insert(all.begin(), "compiled not to train: " + listed(frozen));
  if (all.empty()) all.emplace_back("all are trained alike");
  return all;
}

std::string memory_line(const training_plan &plan) {
  const auto batch = std::ranges::find(plan.model.batches, plan.network.batch);
  std::size_t activations = plan.network.arena_bytes;
  if (batch != plan.model.batches.end())
    activations += plan.model.arena_bytes[static_cast<std::size_t>(batch - plan.model.batches.begin())];
  std::string line = megabytes(plan.network.state_bytes) + " for parameters, gradients and momenta, " +
                     megabytes(activations) + " for activations of training and validation";
  return line + "; beside packed weights, scratch and images";
}

} // namespace

std::int64_t steps_in_epoch(std::int64_t images, const trainable_facts &network,
                            const optimiser_settings &optimiser) {
  const std::int64_t images_in_step = std::int64_t{network.batch} * optimiser.accumulate;
  return (images + images_in_step - 1) / images_in_step;
}

std::vector<std::string> rate_lines(const learning_rate_schedule &rate, std::int64_t steps_in_epoch,
                                    std::int64_t epochs) {
  lines all;
  const auto ends = ends_of_ranges(rate.policy(), steps_in_epoch, epochs);
  for (std::size_t i = 0; i + 1 < ends.size(); ++i) {
    const std::string from = number(rate.rate(ends[i] * steps_in_epoch)),
                      to = number(rate.rate(ends[i + 1] * steps_in_epoch - 1));
    const bool plateau = rate.policy().kind == learning_rate_kind::plateau && i + 2 == ends.size();
    const std::string last = plateau ? " on" : " to " + std::to_string(ends[i + 1]);
    const bool one = !plateau && ends[i] + 1 == ends[i + 1];
    all.push_back((one || plateau ? "epoch " : "epochs ") + std::to_string(ends[i] + 1) + (one ? "" : last) +
                  ": " + from + (from == to ? "" : " to " + to));
  }
  return all;
}

std::string text_of(const training_plan &plan) {
  const train_options &o = plan.options;
  const std::int64_t steps = steps_in_epoch(plan.data.training->size(), plan.network, o.optimiser);
  std::string text = std::string(plan.network.name) + ": " + grouped(plan.model.parameters) +
                     " parameters; nothing is trained or written\n";
  const auto add = [&](const std::string &name, const lines &content) {
    std::string heading = name;
    for (const std::string &line : content) {
      heading.resize(16, ' ');
      text += heading + line + "\n";
      heading.clear();
    }
  };
  if (!o.recipe.empty()) {
    lines recipe = {o.recipe};
    recipe.insert(recipe.end(), o.recipe_notes.begin(), o.recipe_notes.end());
    add("recipe", recipe);
  }
  add("data", {data_line(plan)});
  add("steps", {steps_line(plan)});
  lines rates = {plan.rate.description()};
  for (const std::string &line : rate_lines(plan.rate, steps, o.epochs))
    rates.push_back("  " + line);
  add("learning rate", rates);
  add("optimiser", optimiser_lines(o));
  add("augmentation", {augmentation_line(o, plan.network.input)});
  add("normalisation", {plan.normalisation});
  add("beginning", plan.beginning);
  add("layers", layer_lines(plan));
  add("threads",
      {std::to_string(plan.threads) + ", and " + std::to_string(o.loader_threads) + " to load images"});
  add("memory", {memory_line(plan)});
  add("output", {o.output.string()});
  return text;
}

} // namespace vggen
