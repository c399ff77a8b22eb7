// Which schedule a kernel gets: what a schedule file says, else the cheapest of its operator's by their own
// estimate, with its own choice of parameters.
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
#include "generators/operators.hpp"

#include <vggen/net/signature.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace vggen {

/// The name that makes two kernels of one.
inline constexpr std::string_view split_schedule = "split";

/// What kernels may do for speed.
enum class accuracy {
  exact, ///< they compute the plain sums
  fast,  ///< any schedule: Winograd's convolutions round more
};

/// Represents what a kernel will be compiled with.
struct resolved_kernel {
  signature kernel;
  std::string text;   ///< canonical
  std::string family; ///< of operators: conv
  schedule_info chosen;
  schedule_parameters parameters;
  std::int64_t multiply_adds = 0; ///< of the schedule's algorithm
  double error = 0;       ///< measured over the operators' test cases (schedule_info::error); 0: not known
  std::string left_out{}; ///< the schedule file's choice, where the accuracy does not allow it; else empty
  std::string tuned_on{}; ///< the processor on which the schedule was found by measuring; else empty

  /// Name and parameters: "direct panel_vectors=2 pixels=14".
  [[nodiscard]] std::string schedule_text() const;
};

/// A kernel with a schedule of its family; `request` has all parameters.
resolved_kernel resolve_with(const signature &kernel, const schedule_info &chosen,
                             const schedule_request &request);

/// Represents the entries of schedule files; later files win.
class schedule_database {
public:
  /// For kernels that run on a device, or on the processor itself.
  explicit schedule_database(accuracy allowed = accuracy::fast, bool on_device = false)
      : allowed_(allowed), on_device_(on_device) {}

  /// Adds a file's entries. Ensures that each names a known schedule and parameters within their ranges.
  /// Throws std::runtime_error that names the file and the entry.
  void add(const std::filesystem::path &file);

  /// Adds the entries of a file that vggen-tune wrote. It may be of another version: an entry that does not
  /// fit is left out, with a line for `note`; so is one whose schedule is for files that a model names
  /// (schedule_info::on_request). Entries added before win.
  /// Throws std::runtime_error if the file is no such database.
  void add_tuned(const std::filesystem::path &file, const std::function<void(const std::string &)> &note);

  /// The kernel's entry says "split".
  [[nodiscard]] bool is_split(const signature &kernel) const;

  /// What the kernel is compiled with for a target. Throws std::invalid_argument.
  [[nodiscard]] resolved_kernel resolve(const signature &kernel, const Halide::Target &target) const;

private:
  struct entry {
    std::string schedule;
    schedule_parameters parameters;
    std::string where;    ///< file and number of the entry
    std::string tuned_on; ///< the processor that it was measured on; empty: somebody wrote it
  };
  [[nodiscard]] bool allows(const schedule_info &schedule) const {
    return schedule.exact || allowed_ == accuracy::fast;
  }
  entry read_entry(const nlohmann::json &item, std::string &text) const;
  // The family's default for the request's kernel, or what it estimates to be cheaper.
  [[nodiscard]] const schedule_info &cheapest(const operator_family &family,
                                              const schedule_request &request) const;

  accuracy allowed_;
  bool on_device_;
  std::map<std::string, entry, std::less<>> entries_; // by canonical text
};

} // namespace vggen
