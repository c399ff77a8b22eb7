// The parts of a data set as a training or an evaluation uses them.
#pragma once

#include <vggen/data/loader.hpp>
#include <vggen/data/statistics.hpp>
#include <vggen/io/preprocessing.hpp>
#include <vggen/train/trainable.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace vggen {

struct data_parts {
  std::shared_ptr<const dataset> training, validation, test;
  std::string validation_name; ///< what it is, for people
  std::string kind;            ///< of the data set's files: idx, cifar10, cifar100, boxes or folder
};

/// Opens the data set (open_data.hpp) and keeps that share of the training part for validation; if it is 0,
/// or the data set has no test part, the other one serves for both. Throws vggen::error if the classes are
/// not the network's, or it gives boxes and the data have none.
[[nodiscard]] data_parts open_parts(const std::filesystem::path &folder, const std::string &format,
                                    double validation, std::uint64_t seed, const trainable_facts &network);

/// Opens one part of the data set, as it is. Throws vggen::error if there is none, or the classes are not the
/// network's.
[[nodiscard]] std::shared_ptr<const dataset> open_part(const std::filesystem::path &folder,
                                                       const std::string &format, bool test,
                                                       const trainable_facts &network);

/// What pictures are normalised by: the mean and deviation of the data.
[[nodiscard]] preprocessing preprocessing_from(const image_statistics &statistics);

/// The numbers of a preprocessing, for trainable.
[[nodiscard]] normalisation normalisation_of(const preprocessing &how, const trainable_facts &network);

[[nodiscard]] picture_extent extent_of(const trainable_facts &network);

} // namespace vggen
