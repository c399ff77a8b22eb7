// Which schedule a kernel gets: what a schedule file says, else the first schedule of its operator, with its
// own choice of parameters.
//
//     {"kernels": [
//       {"kernel": "conv3x3.forward n1 56x56 c256 k256 bias+relu out-halo f32",
//        "schedule": "direct", "parameters": {"panel_vectors": 2, "pixels": 14}},
//       {"kernel": "conv3x3.forward n1 56x56 c256 k256 bias+relu+max-pool out-halo f32", "schedule":
//       "split"}]}
//
// "split", for a convolution with a max-pool, makes two kernels of it.
#pragma once

#include "generators/kernel_generator.hpp"

#include <vggen/net/signature.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace vggen {

/// The name that makes two kernels of one.
inline constexpr std::string_view split_schedule = "split";

/// Represents what a kernel will be compiled with.
struct resolved_kernel {
  signature kernel;
  std::string text;   ///< canonical
  std::string family; ///< of operators: conv
  schedule_info chosen;
  schedule_parameters parameters;

  /// Name and parameters: "direct panel_vectors=2 pixels=14".
  [[nodiscard]] std::string schedule_text() const;
};

/// Represents the entries of schedule files; later files win.
class schedule_database {
public:
  /// Adds a file's entries. Ensures that each names a known schedule and parameters within their ranges.
  /// Throws std::runtime_error that names the file and the entry.
  void add(const std::filesystem::path &file);

  /// The kernel's entry says "split".
  [[nodiscard]] bool is_split(const signature &kernel) const;

  /// What the kernel is compiled with for a target. Throws std::invalid_argument.
  [[nodiscard]] resolved_kernel resolve(const signature &kernel, const Halide::Target &target) const;

private:
  struct entry {
    std::string schedule;
    schedule_parameters parameters;
    std::string where; ///< file and number of the entry
  };
  std::map<std::string, entry, std::less<>> entries_; // by canonical text
};

} // namespace vggen
