// Scalars over a training's steps, as a file that TensorBoard shows.
#pragma once

#include "vggen/report/append_file.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace vggen {

/// Represents an event file of TensorBoard, in a folder that `tensorboard --logdir FOLDER` (or a folder
/// above) shows. Each object writes a file of its own, events.out.tfevents.SECONDS.HOST: a resumed training
/// adds one, and TensorBoard joins them in the order of their names. The file is a sequence of TFRecords
/// (length, checksum, message, checksum; see https://www.tensorflow.org/tutorials/load_data/tfrecord), each
/// appended whole, so that the file of a killed training can be read up to its last flush().
///
/// Functions throw vggen::error with cannot_write if the file cannot be written; what was not written is
/// kept, and the next flush() tries again. For one thread at a time.
class event_file {
public:
  /// Makes `folder` where it is missing, and in it a new file.
  explicit event_file(const std::filesystem::path &folder);
  ~event_file(); ///< flushes; an error is then lost, so call flush() before
  event_file(const event_file &) = delete;
  event_file &operator=(const event_file &) = delete;

  /// Adds `value`, rounded to float32, to the curve named `tag` at `step`, at the time of now. Slashes in
  /// tags make groups: "loss/training". Values that are not finite are kept, and shown as such. Throws
  /// vggen::error with invalid_argument if `tag` is empty or not UTF-8.
  void scalar(std::string_view tag, std::int64_t step, double value);

  /// Appends what has been added to the file, from where another process can read it.
  void flush();

  [[nodiscard]] const std::filesystem::path &path() const noexcept { return file_.path(); }

private:
  detail::append_file file_;
  std::string pending_; // whole records
};

} // namespace vggen
