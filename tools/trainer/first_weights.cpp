#include "tools/trainer/first_weights.hpp"

#include <vggen/io/load_parameters.hpp>
#include <vggen/io/safetensors.hpp>
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

} // namespace

first_weights set_first_weights(trainable &network, const train_options &options) {
  first_weights first;
  if (!options.weights.empty()) {
    for (const auto &note : load_weights(options.weights, network))
      std::fprintf(stderr, "note: %s\n", note.c_str());
    first.lines = {"all layers begin as in " + options.weights.string()};
    first.normalisation = choose_normalisation(options.normalise, options.weights,
                                               preprocess_of(safetensors_file(options.weights)));
    return first;
  }
  initialise_all(network, options);
  if (!options.shallower.empty()) {
    const shallower_start start = start_from_shallower(options.shallower, network);
    first.lines = {"copied from " + options.shallower.string() + ": " + listed(start.copied),
                   "initialised: " + listed(start.others)};
  }
  if (options.pretrained.empty()) {
    first.normalisation = choose_normalisation(options.normalise, {}, {});
  } else {
    const pretrained_start start = start_from_pretrained(options.pretrained, network);
    first.lines = {"taken from " + options.pretrained.string() + ": " + listed(start.taken),
                   "new: " + listed(start.others)};
    first.normalisation = choose_normalisation(options.normalise, options.pretrained, start.preprocess);
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
