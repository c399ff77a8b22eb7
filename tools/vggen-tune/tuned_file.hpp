// The database that tuning writes: a schedule file (schedule_database.hpp) whose entries also say what was
// measured, where.
//
//     {"tuned": {"version": "0.4.0", "target": "x86-64-linux-avx-…"},
//      "kernels": [
//       {"kernel": "conv3x3.forward n1 56x56 c256 k256 bias+relu out-halo f32", "schedule": "winograd",
//        "parameters": {"block": 196, "group": 7, …},
//        "measured": {"cpu": "…", "threads": 2, "ms": 4.9, "default_ms": 5.2, "gflops": 755,
//                     "share_of_peak": 0.82, "error": 1.2e-6}}]}
#pragma once

#include <vggen/net/signature.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace vggen {

/// Represents what was found for one kernel.
struct tuned_entry {
  std::string kernel; ///< canonical text
  std::string schedule;
  std::map<std::string, int> parameters{};
  std::string cpu{};
  int threads = 0;
  double ms = 0, default_ms = 0;
  double gflops = 0;        ///< of plain sums, whatever the algorithm; 0: it has none
  double share_of_peak = 0; ///< of the machine's measured multiply-adds; above 1 by Winograd. 0: not measured
  double error = 0;         ///< relative to double precision, at sampled outputs
};

/// Represents the file.
class tuned_file {
public:
  /// Reads the file if it is there. Entries that do not make sense are left out, each with a line for `note`.
  /// Throws std::runtime_error if the file is no such database.
  tuned_file(std::filesystem::path file, std::string target,
             const std::function<void(const std::string &)> &note);

  /// The entry of a kernel that was measured on this processor, with so many threads.
  [[nodiscard]] const tuned_entry *find(const std::string &kernel, const std::string &cpu, int threads) const;

  [[nodiscard]] const std::vector<tuned_entry> &entries() const { return entries_; }

  /// Takes or replaces an entry and writes the file: aside first, so that it is never half there.
  void put(const tuned_entry &entry);

private:
  void write() const;

  std::filesystem::path file_;
  std::string target_;
  std::vector<tuned_entry> entries_;
};

} // namespace vggen
