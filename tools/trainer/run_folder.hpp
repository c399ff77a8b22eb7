// What a training leaves behind: files in one folder.
//
//     last.safetensors      the checkpoint, replaced after each epoch
//     best.safetensors      the weights of the best epoch
//     log.jsonl             one line an epoch
//     events.out.tfevents.  the same for TensorBoard
//     report.html           all of it as a page
#pragma once

#include <vggen/report/event_file.hpp>
#include <vggen/report/json_lines.hpp>
#include <vggen/report/training_report.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace vggen {

class run_folder {
public:
  /// Changes nothing yet. Throws vggen::error with invalid_argument if there is a training in the folder
  /// already and `resume` is not set; with cannot_open if there is none and it is; with cannot_write if it is
  /// a file.
  run_folder(std::filesystem::path folder, bool resume);

  /// Makes the folder, where it is missing, and the logs in it, before the first write(). Throws vggen::error
  /// with cannot_write.
  void open();

  [[nodiscard]] std::filesystem::path checkpoint() const { return folder_ / "last.safetensors"; }
  [[nodiscard]] std::filesystem::path best() const { return folder_ / "best.safetensors"; }
  [[nodiscard]] std::filesystem::path report() const { return folder_ / "report.html"; }
  [[nodiscard]] std::filesystem::path log() const { return folder_ / "log.jsonl"; }

  /// Logs an epoch, in both logs.
  void write(const epoch_record &epoch);

  /// The epochs that the log has, up to that one: each as it was written last.
  [[nodiscard]] std::vector<epoch_record> epochs(int last) const;

private:
  std::filesystem::path folder_;
  std::optional<json_lines> lines_;
  std::optional<event_file> events_;
};

} // namespace vggen
