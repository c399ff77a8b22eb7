#include "tools/program/commands.hpp"
#include "tools/program/loaded_model.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/mosaic.hpp>
#include <vggen/io/value_pictures.hpp>
#include <vggen/io/write_png.hpp>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace vggen {

namespace {

// The filters [output][input][y][x]: three inputs are a picture's colours, of others each is a picture.
std::vector<image> pictures_of(std::span<const float> weights, const parameter_info &info,
                               bool reverse_channels) {
  const int height = static_cast<int>(info.extents[2]), width = static_cast<int>(info.extents[3]);
  const bool coloured = info.extents[1] == 3;
  const auto area = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  const std::size_t size = coloured ? 3 * area : area;
  std::vector<image> pictures;
  for (std::size_t first = 0; first < weights.size(); first += size)
    pictures.push_back(filter_picture(weights.subspan(first, size), height, width, reverse_channels));
  return pictures;
}

} // namespace

void write_filters(const runnable_model &model, const filters_options &options) {
  const model_facts &facts = model.facts();
  const auto info = std::ranges::find(facts.parameter_tensors, 4, &parameter_info::rank);
  if (info == facts.parameter_tensors.end())
    throw error(error_code::invalid_argument, std::string(facts.name) + " has no convolution");
  const std::string name(info->name.view());
  const safetensors_file file = open_weights(facts, options.weights);
  const loaded_parameters loaded = load_parameters(facts.parameter_tensors, file, facts.packed_weights);
  const std::span<const float> weights =
      loaded.tensors[static_cast<std::size_t>(info - facts.parameter_tensors.begin())];
  if (weights.empty())
    throw error(error_code::mismatch,
                file.path().string() + ": found the weights of " + name + " packed, expected plain ones");
  for (const auto &note : loaded.notes)
    std::fprintf(stderr, "note: %s\n", note.c_str());
  const preprocessing how = chosen_preprocessing(options.preprocess, file);
  const auto pictures = pictures_of(weights, *info, how.reverse_channels);
  const int height = pictures.front().height, width = pictures.front().width;
  write_png(options.output,
            mosaic(pictures, options.factor > 0 ? options.factor : comfortable_factor(height, width)));
  std::printf("%s: the %zu filters of %s, %d x %d\n", options.output.c_str(), pictures.size(), name.c_str(),
              height, width);
}

} // namespace vggen
