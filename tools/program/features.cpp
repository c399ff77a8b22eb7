#include "tools/program/commands.hpp"
#include "tools/program/loaded_model.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/npy.hpp>

#include <algorithm>
#include <cstdio>

namespace vggen {

namespace {

// The index of the layer that is called `name` by the paper, torchvision or Keras.
int find_layer(const model_facts &facts, const std::string &name) {
  if (name.empty()) return facts.layers.back().index;
  std::string known;
  for (const layer_row &row : facts.layers) {
    if (row.name == name || row.module == name || row.keras == name) {
      if (row.index == 0)
        throw error(error_code::invalid_argument, "the input is not a layer with an output");
      return row.index;
    }
    if (row.index > 0) known += (known.empty() ? "" : ", ") + row.name;
  }
  throw error(error_code::invalid_argument,
              std::string(facts.name) + " has no layer '" + name + "'; it has: " + known);
}

} // namespace

void write_features(runnable_model &model, const features_options &options) {
  const int layer = find_layer(model.facts(), options.layer);
  loaded_model loaded(model, options.weights, options.preprocess, options.threads, true);
  const shape s = model.shape_of(layer);
  std::vector<float> all;
  loaded.for_images(options.images, [&](int batch, std::size_t, std::size_t count) {
    model.forward_to(batch, layer);
    const auto values = model.output_of(batch, layer);
    all.insert(all.end(), values.begin(),
               values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(s.size()) * count));
  });
  const std::vector<std::int64_t> extents{static_cast<std::int64_t>(options.images.size()), s.channels,
                                          s.height, s.width};
  write_npy(options.output, all, extents);
  std::printf("%s: %zu x %d x %d x %d, output of %s\n", options.output.c_str(), options.images.size(),
              s.channels, s.height, s.width,
              model.facts().layers[static_cast<std::size_t>(layer)].name.c_str());
}

} // namespace vggen
