// Data sets as they are named on a command line.
#pragma once

#include <vggen/data/dataset.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace vggen {

/// What --format names.
inline constexpr const char *data_formats = "auto, idx, cifar10, cifar100, boxes (with a list boxes.csv), "
                                            "list (a CSV file of file,class) or folder (one "
                                            "subfolder a class)";

/// Represents the two parts of a data set, either of which may be missing.
struct named_data {
  std::string kind; ///< one of data_formats
  std::shared_ptr<const dataset> training, test;
};

/// Opens the data set in `folder`. kind: idx, cifar10, cifar100, boxes, list or folder; "auto" looks which
/// files are there: IDX files, CIFAR's, a list of boxes, else a folder with one subfolder a class; either of
/// these may have its parts in folders `train` and `test` (or `val`). A list, which is a file, has one part,
/// which serves as both. Throws vggen::error as the data sets do, and with invalid_argument for a kind that
/// is none.
[[nodiscard]] named_data open_data(const std::filesystem::path &folder, const std::string &kind);

} // namespace vggen
