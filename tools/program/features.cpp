#include "tools/program/commands.hpp"
#include "tools/program/loaded_model.hpp"
#include "tools/program/texts.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/mosaic.hpp>
#include <vggen/io/npy.hpp>
#include <vggen/io/value_pictures.hpp>
#include <vggen/io/write_png.hpp>

#include <algorithm>
#include <cctype>
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

bool is_png(const std::filesystem::path &file) {
  std::string end = file.extension().string();
  std::ranges::transform(end, end.begin(), [](unsigned char c) { return std::tolower(c); });
  return end == ".png";
}

// Whether it is a picture that is asked for. What cannot be drawn is refused before anything runs.
bool wants_picture(const features_options &options, const layer_row &layer) {
  if (!is_png(options.output)) {
    if (options.factor > 0 || options.common_range)
      throw error(error_code::invalid_argument, "--factor, --common-range: found the output " +
                                                    options.output.string() + ", expected a .png");
    return false;
  }
  if (layer.output.height * layer.output.width == 1)
    throw error(error_code::invalid_argument, options.output.string() + ": found " + layer.name +
                                                  ", whose output has no height and width (" +
                                                  shape_text(layer.output) +
                                                  "), expected a layer with maps, or a .npy file");
  if (options.images.size() > 1)
    throw error(error_code::invalid_argument, options.output.string() + ": found " +
                                                  std::to_string(options.images.size()) +
                                                  " images, expected one for a .png");
  return true;
}

// The maps [c][y][x] side by side.
image picture_of(std::span<const float> maps, const shape &s, const features_options &options) {
  const std::size_t area = static_cast<std::size_t>(s.height) * static_cast<std::size_t>(s.width);
  const value_range all = range_of(maps);
  std::vector<image> pictures;
  for (std::size_t first = 0; first < maps.size(); first += area) {
    const auto map = maps.subspan(first, area);
    pictures.push_back(map_picture(map, s.height, s.width, options.common_range ? all : range_of(map)));
  }
  return mosaic(pictures, options.factor > 0 ? options.factor : comfortable_factor(s.height, s.width));
}

} // namespace

void write_features(runnable_model &model, const features_options &options) {
  const int layer = find_layer(model.facts(), options.layer);
  const layer_row &row = model.facts().layers[static_cast<std::size_t>(layer)];
  const bool picture = wants_picture(options, row);
  loaded_model loaded(model, options.weights, options.preprocess, options.threads, true);
  const shape s = model.shape_of(layer);
  std::vector<float> all;
  loaded.for_images(options.images, [&](int batch, std::size_t, std::size_t count) {
    model.forward_to(batch, layer);
    const auto values = model.output_of(batch, layer);
    all.insert(all.end(), values.begin(),
               values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(s.size()) * count));
  });
  if (picture) {
    write_png(options.output, picture_of(all, s, options));
    std::printf("%s: the %d maps of %s, %d x %d\n", options.output.c_str(), s.channels, row.name.c_str(),
                s.height, s.width);
    return;
  }
  const std::vector<std::int64_t> extents{static_cast<std::int64_t>(options.images.size()), s.channels,
                                          s.height, s.width};
  write_npy(options.output, all, extents);
  std::printf("%s: %zu x %d x %d x %d, output of %s\n", options.output.c_str(), options.images.size(),
              s.channels, s.height, s.width, row.name.c_str());
}

} // namespace vggen
