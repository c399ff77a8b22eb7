// What a training's images are normalised by: as its option or the file of its first weights says, or by the
// data.
#pragma once

#include <vggen/io/preprocessing.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace vggen {

struct chosen_normalisation {
  std::optional<preprocessing> how; ///< empty: the mean and deviation of the data
  std::string why = "of the data";  ///< who says so, for people
};

/// option: of --normalise, if it was given. file: of the first weights, if there is one, which says `said` of
/// its images. Where the option is another than the file says, `why` tells. Throws vggen::error with
/// invalid_argument, naming the file, if what it says cannot be used and is not replaced by the option.
[[nodiscard]] chosen_normalisation choose_normalisation(const std::string &option,
                                                        const std::filesystem::path &file,
                                                        const std::optional<std::string> &said);

/// A preprocessing in words: "caffe", "mean 0.286, deviation 0.353".
[[nodiscard]] std::string description(const preprocessing &how, int channels);

} // namespace vggen
