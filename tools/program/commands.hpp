// The subcommands, each in a file of its own. Each throws vggen::error.
#pragma once

#include "tools/program/runnable_model.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace vggen {

struct summary_options {
  bool json = false;
};
/// Prints what the network is made of.
void print_summary(runnable_model &model, const summary_options &options);

struct predict_options {
  std::vector<std::filesystem::path> images;
  std::filesystem::path weights, labels;
  std::string preprocess;
  int top = 5;
  int threads = 0;
  bool json = false;
  std::string of_class;         ///< of a network with a box a class: which one; empty: all
  std::filesystem::path output; ///< PNG file to draw the box into; empty: none
};
/// Classifies images.
void predict(runnable_model &model, const predict_options &options);
/// Finds boxes in images: of a network that gives boxes.
void predict_boxes(runnable_model &model, const predict_options &options);

struct features_options {
  std::vector<std::filesystem::path> images;
  std::filesystem::path weights, output;
  std::string layer, preprocess;
  int factor = 0;            ///< of a picture; 0: a comfortable one
  bool common_range = false; ///< of a picture: the same greys for all maps
  int threads = 0;
};
/// Writes a layer's output for images as one .npy array [n, c, h, w], or for one image as a .png.
void write_features(runnable_model &model, const features_options &options);

struct filters_options {
  std::filesystem::path weights, output;
  std::string preprocess;
  int factor = 0; ///< 0: a comfortable one
};
/// Draws the first convolution's filters as a .png.
void write_filters(const runnable_model &model, const filters_options &options);

struct init_options {
  std::filesystem::path output;
  std::uint64_t seed = 0;
  std::string preprocess = "torchvision";
};
/// Writes a file of random weights.
void write_random_weights(runnable_model &model, const init_options &options);

struct pack_options {
  std::filesystem::path weights, output;
  std::vector<int> batches; ///< empty: all
  int threads = 0;
  bool features = false;
};
/// Writes a file of weights as this model's kernels read them.
void pack_weights(runnable_model &model, const pack_options &options);

struct bench_options {
  std::filesystem::path weights;
  int threads = 0;
  int batch = 0;
  int runs = 20;
  std::vector<int> extent; ///< {height, width}, where it is dynamic; empty: the largest
  bool layers = false;
  bool json = false;
  bool on_request = false; ///< some runs for each line on standard input
};
/// Measures how long a run takes.
void bench(runnable_model &model, const bench_options &options);

} // namespace vggen
