#include "tools/trainer/first_weights.hpp"

#include <vggen/io/error.hpp>
#include <vggen/train/checkpoint.hpp>
#include <vggen/train/pretrained.hpp>
#include <vggen/train/start_from_shallower.hpp>

#include <cstdio>

namespace vggen {

namespace {

void initialise_all(trainable &network, const train_options &options) {
  const trainable_facts &facts = network.facts();
  for (std::size_t i = 0; i < facts.parameter_tensors.size(); ++i) {
    const parameter_info &info = facts.parameter_tensors[i];
    initialise(network.parameters().subspan(static_cast<std::size_t>(facts.parameter_offsets[i]),
                                            static_cast<std::size_t>(info.size())),
               info, options.initial, static_cast<std::uint32_t>(i), options.seed);
  }
  network.parameters_changed();
}

preprocessing preprocessing_of(const std::filesystem::path &file, const std::string &text) {
  try {
    return parse_preprocessing(text);
  } catch (const error &problem) {
    throw error(problem.code(), file.string() + ": how its pictures are normalised: " + problem.what());
  }
}

} // namespace

first_weights set_first_weights(trainable &network, const train_options &options) {
  first_weights first;
  if (!options.weights.empty()) {
    for (const auto &note : load_weights(options.weights, network))
      std::fprintf(stderr, "note: %s\n", note.c_str());
    first.lines = {"all layers begin as in " + options.weights.string()};
    return first;
  }
  initialise_all(network, options);
  if (!options.shallower.empty()) {
    const shallower_start start = start_from_shallower(options.shallower, network);
    first.lines = {"copied from " + options.shallower.string() + ": " + listed(start.copied),
                   "initialised: " + listed(start.others)};
  }
  if (!options.pretrained.empty()) {
    const pretrained_start start = start_from_pretrained(options.pretrained, network);
    first.lines = {"taken from " + options.pretrained.string() + ": " + listed(start.taken),
                   "new: " + listed(start.others)};
    if (start.preprocess) {
      first.how = preprocessing_of(options.pretrained, *start.preprocess);
      first.lines.push_back("images are normalised as those that it was trained on");
    }
  }
  return first;
}

std::string beginning_text(const train_options &options) {
  if (!options.weights.empty()) return options.weights.string();
  const initialisation &how = options.initial;
  const std::string drawn = "convolutions " + text_of(how.convolution) + ", fully connected " +
                            text_of(how.fully_connected) + ", biases " + text_of(how.bias);
  const auto &file = options.pretrained.empty() ? options.shallower : options.pretrained;
  return file.empty() ? drawn : file.string() + ", else " + drawn;
}

} // namespace vggen
