// The binary files of CIFAR-10 and CIFAR-100.
#pragma once

#include "vggen/data/dataset.hpp"

#include <filesystem>
#include <memory>

namespace vggen {

/// Returns the 3 x 32 x 32 pictures of one part of CIFAR-10's binary version, held in memory: of
/// data_batch_1.bin to data_batch_5.bin, one after the other, or of test_batch.bin. Class names are those of
/// batches.meta.txt; without that file "0" to "9". Format: https://www.cs.toronto.edu/~kriz/cifar.html,
/// "Binary version".
///
/// Throws vggen::error with
///   cannot_open   if a file is missing, is not a regular file, or may not be read;
///   corrupt_file  if a file is empty or no whole number of records, or if a label is out of range;
///   too_large     if a file has more than 1 GiB;
///   out_of_memory if memory runs out;
///   and, for a file of class names, as read_labels does.
[[nodiscard]] std::shared_ptr<const dataset> open_cifar10(const std::filesystem::path &folder,
                                                          dataset_part part);

/// As open_cifar10, for CIFAR-100: train.bin or test.bin, labels and names (fine_label_names.txt) of its 100
/// fine classes.
[[nodiscard]] std::shared_ptr<const dataset> open_cifar100(const std::filesystem::path &folder,
                                                           dataset_part part);

} // namespace vggen
