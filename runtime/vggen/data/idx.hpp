// The IDX files of MNIST, Fashion-MNIST and their like.
#pragma once

#include "vggen/data/dataset.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace vggen {

/// Returns the pictures of one part of an IDX data set in `folder`, held in memory, all grey and of one size:
/// train-images-idx3-ubyte and train-labels-idx1-ubyte, or t10k-…, each of them plain or, if there is no
/// plain one, with .gz behind its name. No `class_names`: the digits "0" to "9". Format: "THE IDX FILE
/// FORMAT" at the end of http://yann.lecun.com/exdb/mnist. Debian's package dataset-fashion-mnist has such
/// files in /usr/share/datasets/fashion-mnist.
///
/// Throws vggen::error with
///   cannot_open   if a file is missing, is not a regular file, or may not be read;
///   corrupt_file  if one is truncated, damaged, longer than it says, without pictures, or if a label is
///                 not the position of a class name;
///   mismatch      if there are not as many labels as pictures;
///   unsupported   if a file starts as another kind of file does;
///   too_large     if pictures have a side above 4096, or more than 4 GiB in all;
///   out_of_memory if memory runs out.
[[nodiscard]] std::shared_ptr<const dataset> open_idx(const std::filesystem::path &folder, dataset_part part,
                                                      std::vector<std::string> class_names = {});

/// Returns the names of Fashion-MNIST's ten classes, for open_idx.
/// Source: https://github.com/zalandoresearch/fashion-mnist#labels
[[nodiscard]] std::vector<std::string> fashion_mnist_classes();

} // namespace vggen
