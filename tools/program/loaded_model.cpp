#include "tools/program/loaded_model.hpp"

#include "tools/program/progress.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/read_image.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace vggen {

namespace {

// predict and features show the network the middle of a picture; one of any extent takes all of it.
runnable_model &fixed_extent(runnable_model &model) {
  if (model.facts().input.dynamic)
    throw error(error_code::invalid_argument,
                std::string(model.facts().name) + " is for whole images of any extent: use 'scores'");
  return model;
}

} // namespace

safetensors_file open_weights(const model_facts &facts, const std::filesystem::path &path) {
  if (!path.empty()) return safetensors_file(path);
  if (facts.embedded_weights.empty())
    throw error(error_code::invalid_argument,
                std::string(facts.name) + " has no weights in it: give --weights");
  return {facts.embedded_weights, "embedded weights"};
}

std::vector<int> runnable_batches(const model_facts &facts, const loaded_parameters &parameters,
                                  bool features, const std::string &file_name) {
  const std::vector<const float *> sources = parameters.sources();
  std::vector<int> batches;
  for (std::size_t i = 0; i < facts.batches.size(); ++i)
    if (has_all(run_bits(i, features), facts.packed_weights, facts.plain_runs, sources, parameters.packed))
      batches.push_back(facts.batches[i]);
  if (batches.empty())
    throw error(error_code::mismatch,
                file_name +
                    (features
                         ? ": found weights packed without what single layers read, expected plain ones, "
                           "or such packed with 'pack --features'"
                         : ": found weights packed for none of this program's batches, expected plain "
                           "ones, or such packed for one of them"));
  return batches;
}

void require_batch(const model_facts &facts, const std::vector<int> &runnable, int batch,
                   const std::string &file_name) {
  const auto among = [&](const std::vector<int> &batches) {
    return std::ranges::find(batches, batch) != batches.end();
  };
  if (!among(facts.batches))
    throw error(error_code::invalid_argument,
                std::string(facts.name) + " is not compiled for batches of " + std::to_string(batch));
  if (!among(runnable))
    throw error(error_code::mismatch,
                file_name + ": found weights packed for other batches than " + std::to_string(batch));
}

preprocessing chosen_preprocessing(const std::string &name, const safetensors_file &file) {
  if (!name.empty()) return find_preprocessing(name);
  return parse_preprocessing(preprocess_of(file).value_or("torchvision"));
}

std::vector<std::string> labels_in(const safetensors_file &weights, int classes) {
  const auto entry = weights.metadata().find("labels");
  if (entry == weights.metadata().end()) return {};
  try {
    std::vector<std::string> names = nlohmann::json::parse(entry->second);
    if (names.size() == static_cast<std::size_t>(classes)) return names;
  } catch (const nlohmann::json::exception &) { // NOLINT(bugprone-empty-catch): said below
  }
  std::fprintf(stderr, "note: %s: the labels of its metadata are not %d names, and are ignored\n",
               weights.path().c_str(), classes);
  return {};
}

loaded_model::loaded_model(runnable_model &model, const std::filesystem::path &weights,
                           const std::string &preprocess, int threads, bool features)
    : model_(fixed_extent(model)), file_(open_weights(model.facts(), weights)),
      parameters_(load_parameters(model.facts().parameter_tensors, file_, model.facts().packed_weights)),
      batches_(runnable_batches(model.facts(), parameters_, features, file_.path().string())),
      preprocessing_(chosen_preprocessing(preprocess, file_)), threads_(threads) {
  for (const auto &note : parameters_.notes)
    std::fprintf(stderr, "note: %s\n", note.c_str());
  model_.assign(parameters_.sources(), parameters_.packed, features);
  constants_ = constants_of(preprocessing_, model_.facts().input.channels);
}

int loaded_model::batch_for(std::size_t count) const {
  int best = std::ranges::min(batches_);
  for (const int batch : batches_)
    if (static_cast<std::size_t>(batch) <= count) best = std::max(best, batch);
  return best;
}

void loaded_model::prepare(int batch) {
  if (prepared_.contains(batch)) return;
  model_.prepare(batch, threads_,
                 [this](std::span<const float> part) { file_.release(std::as_bytes(part)); });
  prepared_.insert(batch);
}

void loaded_model::set_images(int batch, std::span<const std::filesystem::path> images) {
  const shape in = model_.facts().input;
  std::vector<std::uint8_t> pixels;
  views_.clear();
  for (const auto &path : images) {
    const image picture = read_image(path);
    const auto one = prepare_image(picture, in.channels, in.height, in.width, preprocessing_);
    views_.push_back(prepared_view(picture, in.height, in.width, preprocessing_));
    pixels.insert(pixels.end(), one.begin(), one.end());
  }
  pixels.resize(static_cast<std::size_t>(in.size()) *
                static_cast<std::size_t>(batch)); // a part of a batch: black
  model_.set_images(batch, pixels, constants_, preprocessing_.reverse_channels);
}

void loaded_model::for_images(
    const std::vector<std::filesystem::path> &images,
    const std::function<void(int batch, std::size_t first, std::size_t count)> &each) {
  progress shown("images");
  for (std::size_t first = 0; first < images.size();) {
    const int batch = batch_for(images.size() - first);
    const std::size_t count = std::min(images.size() - first, static_cast<std::size_t>(batch));
    prepare(batch);
    set_images(batch, std::span(images).subspan(first, count));
    each(batch, first, count);
    first += count;
    shown.update(static_cast<double>(first) / static_cast<double>(images.size()));
  }
}

} // namespace vggen
