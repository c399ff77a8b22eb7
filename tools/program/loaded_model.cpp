#include "tools/program/loaded_model.hpp"

#include "tools/program/progress.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/read_image.hpp>

#include <algorithm>
#include <cstdio>

namespace vggen {

namespace {

const preprocessing &chosen_preprocessing(const std::string &name, const safetensors_file &file) {
  if (!name.empty()) return find_preprocessing(name);
  return find_preprocessing(preprocess_of(file).value_or("torchvision"));
}

} // namespace

loaded_model::loaded_model(runnable_model &model, const std::filesystem::path &weights,
                           const std::string &preprocess, int threads, bool features)
    : model_(model), file_(weights), parameters_(load_parameters(model.facts().parameter_tensors, file_)),
      preprocessing_(&chosen_preprocessing(preprocess, file_)), threads_(threads) {
  for (const auto &note : parameters_.notes)
    std::fprintf(stderr, "note: %s\n", note.c_str());
  model_.assign(parameters_.tensors, features);
  const int channels = model_.facts().input.channels;
  const auto of_channel = [&](const std::array<float, 3> &values, int c) {
    return values[static_cast<std::size_t>(std::min(c, 2))];
  };
  for (int c = 0; c < channels; ++c)
    constants_.push_back(preprocessing_->divisor);
  for (int c = 0; c < channels; ++c)
    constants_.push_back(of_channel(preprocessing_->mean, c));
  for (int c = 0; c < channels; ++c)
    constants_.push_back(of_channel(preprocessing_->deviation, c));
}

int loaded_model::batch_for(std::size_t count) const {
  const auto &batches = model_.facts().batches;
  int best = *std::min_element(batches.begin(), batches.end());
  for (const int batch : batches)
    if (static_cast<std::size_t>(batch) <= count) best = std::max(best, batch);
  return best;
}

void loaded_model::set_images(int batch, std::span<const std::filesystem::path> images) {
  const shape in = model_.facts().input;
  std::vector<std::uint8_t> pixels;
  for (const auto &path : images) {
    const auto one = prepare_image(read_image(path), in.channels, in.height, in.width, *preprocessing_);
    pixels.insert(pixels.end(), one.begin(), one.end());
  }
  pixels.resize(static_cast<std::size_t>(in.size()) *
                static_cast<std::size_t>(batch)); // a part of a batch: black
  model_.set_images(batch, pixels, constants_, preprocessing_->reverse_channels);
}

void loaded_model::for_images(
    const std::vector<std::filesystem::path> &images,
    const std::function<void(int batch, std::size_t first, std::size_t count)> &each) {
  progress shown("images");
  for (std::size_t first = 0; first < images.size();) {
    const int batch = batch_for(images.size() - first);
    const std::size_t count = std::min(images.size() - first, static_cast<std::size_t>(batch));
    if (prepared_.insert(batch).second) model_.prepare(batch, threads_);
    set_images(batch, std::span(images).subspan(first, count));
    each(batch, first, count);
    first += count;
    shown.update(static_cast<double>(first) / static_cast<double>(images.size()));
  }
}

} // namespace vggen
