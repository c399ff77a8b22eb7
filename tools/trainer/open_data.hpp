// Data sets as they are named on a command line.
#pragma once

#include <vggen/data/dataset.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace vggen {

/// Represents the two parts of a data set, either of which may be missing.
struct named_data {
  std::string kind; ///< idx, cifar10, cifar100 or folder
  std::shared_ptr<const dataset> training, test;
};

/// Opens the data set in `folder`. kind: idx, cifar10, cifar100 or folder; "auto" looks which files are
/// there: IDX files, CIFAR's, else a folder with one subfolder a class, or with `train` and `test` (or `val`)
/// that have them. Throws vggen::error as the data sets do, and with invalid_argument for a kind that is
/// none.
[[nodiscard]] named_data open_data(const std::filesystem::path &folder, const std::string &kind);

} // namespace vggen
