// All that people want to know of a training, on one page.
#pragma once

#include "vggen/io/image.hpp"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace vggen {

/// Represents what was measured in one epoch (or a part of one). NaN stands for what was not measured. Losses
/// are means over images; accuracies are shares, from 0 to 1, of images that were classified right, or whose
/// box was found; overlaps are those of boxes, means over images.
struct epoch_record {
  int epoch = 0;
  std::int64_t step = 0; ///< steps since the training began, at the epoch's end
  double seconds = std::numeric_limits<double>::quiet_NaN(); ///< what this epoch took
  double training_loss = std::numeric_limits<double>::quiet_NaN();
  double training_accuracy = std::numeric_limits<double>::quiet_NaN();
  double validation_loss = std::numeric_limits<double>::quiet_NaN();
  double validation_accuracy = std::numeric_limits<double>::quiet_NaN();
  double training_overlap = std::numeric_limits<double>::quiet_NaN();
  double validation_overlap = std::numeric_limits<double>::quiet_NaN();
  double learning_rate = std::numeric_limits<double>::quiet_NaN(); ///< at the epoch's end
  double images_per_second = std::numeric_limits<double>::quiet_NaN();
  double data_wait_seconds = std::numeric_limits<double>::quiet_NaN(); ///< of `seconds`, waiting for images
};

/// Represents a row of the network's table. Numbers are texts too: who describes networks knows how to write
/// them. A row without an index is set apart, as sums are.
struct network_row {
  std::string index, layer, output_shape, parameters, multiply_adds, kernel, schedule;
};

/// Represents the weights of a convolution.
struct filter_bank {
  int outputs = 0, inputs = 0, height = 0, width = 0;
  std::vector<float> weights;    // [outputs][inputs][height][width]
  bool reverse_channels = false; ///< three inputs are blue, green, red; else red, green, blue
};

/// Represents a picture that the network took for something else.
struct wrong_image {
  image picture;
  int true_class = 0;
  int predicted_class = 0;
  double probability = 0; ///< what the network gave the predicted class, from 0 to 1
};

struct run_option {
  std::string name, value;
};

/// Represents what a page tells. Whatever is empty is left out of it. Texts are UTF-8, not HTML.
struct training_report {
  std::string title;
  std::string machine; ///< what it ran on, for people: "AMD EPYC 7B13, 16 threads"
  std::string target;  ///< what the kernels were compiled for: "x86-64-linux-avx2-fma"
  std::vector<epoch_record> epochs;
  std::vector<std::string> class_names; ///< classes beyond these go by their numbers
  std::vector<std::int64_t> confusion;  ///< [true class][predicted class], counts of images
  std::string confusion_of;             ///< what those images are: "the test set of CIFAR-10"
  std::vector<wrong_image> most_wrong;  ///< the first 60 are shown, in their order
  filter_bank first_layer;              ///< the first 256 filters are shown, in colours if of three inputs
  std::vector<network_row> network;
  std::vector<run_option> options;
};

/// Writes `report` to `path` as one HTML page that needs no other file, no network and no script: curves of
/// loss, accuracy, learning rate and speed, the confusion matrix (as a picture, with the most frequent
/// confusions, if of more than 32 classes), measures of each class, pictures, tables, and vggen's version.
/// What is at `path` is replaced only once the new page is whole (see atomic_file).
///
/// Throws vggen::error with invalid_argument, before anything is written, if `confusion` is not the counts of
/// a confusion_matrix, `first_layer` has another number of weights than its extents say (each from 1 to
/// 4096), or a picture is refused by check_image; with cannot_write as atomic_file does; with out_of_memory.
void write_report(const std::filesystem::path &path, const training_report &report);

} // namespace vggen
