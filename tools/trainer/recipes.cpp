#include "tools/trainer/recipes.hpp"

#include <vggen/io/error.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace vggen {

namespace {

constexpr int published_batch = 256, published_extent = 224;
constexpr std::int64_t torchvision_epochs = 90, torchvision_step = 30;

using settings = std::vector<recipe_setting>;

std::string text(std::int64_t number) { return std::to_string(number); }

recipe_setting accumulation(const trainable_facts &network) {
  const auto batches = std::max<std::int64_t>(
      1, std::llround(static_cast<double>(published_batch) / static_cast<double>(network.batch)));
  const std::int64_t images = batches * network.batch;
  return {.argument = "--accumulate=" + text(batches),
          .note = images == published_batch ? ""
                                            : "steps of " + text(images) + " images, where " +
                                                  text(published_batch) + " were published"};
}

// The smaller side of pictures is 256 to 512 pixels where the network sees 224. why: a note.
void add_scales(settings &all, const trainable_facts &network, const std::string &why) {
  const int extent = std::max(network.input.height, network.input.width);
  const auto scaled = [&](int pixels) {
    return text(std::lround(static_cast<double>(pixels) * extent / published_extent));
  };
  all.push_back({"--scale-low=" + scaled(256), why});
  all.push_back({"--scale-high=" + scaled(512), extent == published_extent
                                                    ? ""
                                                    : "the smaller side is " + scaled(256) + " to " +
                                                          scaled(512) + " pixels for this network's " +
                                                          text(extent) + ", as 256 to 512 are for 224"});
}

settings paper(const trainable_facts &network) {
  settings all = {{"--epochs=74", ""},
                  {"--learning-rate=0.01", ""},
                  {"--schedule=plateau", ""},
                  {"--rate-factor=0.1", ""},
                  {"--reductions=3", ""},
                  {"--momentum=0.9", ""},
                  {"--weight-decay=5e-4", ""},
                  {"--init-convolution=normal(0.01)", ""},
                  {"--init-fully-connected=normal(0.01)", ""},
                  {"--init-bias=zeros", ""},
                  {"--flip", ""}};
  add_scales(all, network, "");
  if (network.input.channels == 3)
    all.push_back({"--colour-shift=0.1", ""});
  else
    all.push_back({"--colour-shift=0", "no colour shift: the network sees no colours"});
  all.push_back(accumulation(network));
  return all;
}

// After each 30 epochs, but at the end; as long as the rate is not zero anyway.
std::string milestones(std::int64_t epochs) {
  std::string list = text(torchvision_step);
  for (std::int64_t at = 2 * torchvision_step; at < epochs && list.size() < 4096; at += torchvision_step)
    list += "," + text(at);
  return list;
}

settings torchvision(const trainable_facts &network, std::int64_t epochs) {
  settings all = {{"--epochs=" + text(torchvision_epochs), ""},
                  {"--learning-rate=0.01", ""},
                  {"--schedule=steps", ""},
                  {"--milestones=" + milestones(epochs == 0 ? torchvision_epochs : epochs), ""},
                  {"--rate-factor=0.1", ""},
                  {"--momentum=0.9", ""},
                  {"--weight-decay=1e-4", ""},
                  {"--decay-biases", ""},
                  {"--init-convolution=kaiming_normal_fan_out", ""},
                  {"--init-fully-connected=normal(0.01)", ""},
                  {"--init-bias=zeros", ""},
                  {"--flip", ""}};
  add_scales(all, network,
             "the paper's scale jittering stands for torchvision's RandomResizedCrop, which vggen has not");
  all.push_back(accumulation(network));
  return all;
}

// The value of the last argument of that name, or nothing.
std::string value_of(const argument_list &arguments, const std::string &name) {
  const auto last = std::ranges::find(arguments.rbegin(), arguments.rend(), name, option_of);
  return last == arguments.rend() ? std::string() : last->substr(std::min(name.size() + 1, last->size()));
}

} // namespace

std::string option_of(const std::string &argument) { return argument.substr(0, argument.find('=')); }

std::vector<recipe_setting> recipe_settings(std::string_view name, const trainable_facts &network,
                                            std::int64_t epochs) {
  if (name == "paper") return paper(network);
  if (name == "torchvision") return torchvision(network, epochs);
  throw error(error_code::invalid_argument,
              "--recipe: found '" + std::string(name) + "', expected paper or torchvision");
}

recipe_arguments with_recipe(const argument_list &given, const trainable_facts &network) {
  recipe_arguments all;
  if (std::ranges::find(given, "--recipe", option_of) != given.end()) {
    const std::string epochs = value_of(given, "--epochs");
    std::int64_t count = 0;
    std::from_chars(epochs.data(), epochs.data() + epochs.size(), count);
    for (recipe_setting &setting : recipe_settings(value_of(given, "--recipe"), network, count)) {
      if (std::ranges::find(given, option_of(setting.argument), option_of) != given.end()) continue;
      all.arguments.push_back(std::move(setting.argument));
      if (!setting.note.empty()) all.notes.push_back(std::move(setting.note));
    }
  }
  all.arguments.insert(all.arguments.end(), given.begin(), given.end());
  return all;
}

} // namespace vggen
