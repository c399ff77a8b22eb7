// What the commands share: a model with a weight file, and images on their way into it.
#pragma once

#include "tools/program/runnable_model.hpp"

#include <vggen/io/load_parameters.hpp>
#include <vggen/io/preprocessing.hpp>
#include <vggen/io/safetensors.hpp>

#include <filesystem>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace vggen {

/// The weights at `path`; with an empty one those that the program has in it. Throws if there are none.
safetensors_file open_weights(const model_facts &facts, const std::filesystem::path &path);

/// The batches that the model can run with these parameters, of the file of that name: all, unless they were
/// packed for some. Throws if there are none.
std::vector<int> runnable_batches(const model_facts &facts, const loaded_parameters &parameters,
                                  bool features, const std::string &file_name);

/// Throws unless the model is compiled for the batch, and can run it.
void require_batch(const model_facts &facts, const std::vector<int> &runnable, int batch,
                   const std::string &file_name);

/// The preset of that name; without one what the file says its weights were trained with, else torchvision.
preprocessing chosen_preprocessing(const std::string &name, const safetensors_file &file);

/// The names of so many classes, if the weights' metadata ("labels", a JSON list) have them; else none.
std::vector<std::string> labels_in(const safetensors_file &weights, int classes);

/// Represents a model with its weights.
class loaded_model {
public:
  /// Loads the weights (empty: those that the program has in it), and prints notes on them on standard error.
  /// `features`: layers can be looked at. `preprocess`: as for chosen_preprocessing. Throws if the weights
  /// are packed for none of the model's batches.
  loaded_model(runnable_model &model, const std::filesystem::path &weights, const std::string &preprocess,
               int threads, bool features);

  /// Runs `each` for all images, in groups as large as the batches allow that these weights can run: after
  /// their pixels are set, each(batch, first, count) runs the model on the images [first, first + count).
  void for_images(const std::vector<std::filesystem::path> &images,
                  const std::function<void(int batch, std::size_t first, std::size_t count)> &each);

  [[nodiscard]] runnable_model &model() { return model_; }
  [[nodiscard]] std::vector<std::string> labels(int classes) const { return labels_in(file_, classes); }
  /// Which parts of the images of the last group the network sees.
  [[nodiscard]] const std::vector<picture_view> &views() const { return views_; }

private:
  /// The largest batch that can run and is not larger than `count`, else the smallest.
  [[nodiscard]] int batch_for(std::size_t count) const;
  /// Makes the model ready for a batch, if it is not yet.
  void prepare(int batch);
  void set_images(int batch, std::span<const std::filesystem::path> images);

  runnable_model &model_;
  safetensors_file file_;
  loaded_parameters parameters_;
  std::vector<int> batches_; // those that these weights can run
  preprocessing preprocessing_;
  std::vector<float> constants_; // [{divisor, mean, deviation}][c]
  int threads_;
  std::set<int> prepared_; // batches
  std::vector<picture_view> views_;
};

} // namespace vggen
