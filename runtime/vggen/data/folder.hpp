// A folder of pictures with one subfolder for each class, as ImageNet and many smaller data sets come.
#pragma once

#include "vggen/data/dataset.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace vggen {

/// Represents the PNG and JPEG files below a folder, each of the class that the first folder on the way to it
/// names. Only names are kept; a picture is decoded when it is read (read_into throws as read_image does).
class folder_dataset final : public dataset {
public:
  /// Lists `folder`. Classes are its subfolders, sorted by the bytes of their names; pictures are sorted
  /// likewise, within their class, by their paths. Folders within a class are looked into, but not symbolic
  /// links to folders. A picture is a regular file whose name ends with .png, .jpg, .jpeg or .jpe in letters
  /// of either case; other files are left out, and counted. Names that start with a dot are passed over.
  ///
  /// Throws vggen::error with
  ///   cannot_open   if the folder is missing, is none, or may not be read, or one below it may not be read;
  ///   corrupt_file  if it has no subfolder, a class has no picture, or a class's name has control
  ///   characters.
  explicit folder_dataset(const std::filesystem::path &folder);

  [[nodiscard]] std::int64_t size() const noexcept override {
    return static_cast<std::int64_t>(files_.size());
  }
  [[nodiscard]] const std::vector<std::string> &class_names() const noexcept override { return class_names_; }
  [[nodiscard]] int label(std::int64_t i) const override { return files_[static_cast<std::size_t>(i)].label; }
  void read_into(std::int64_t i, image &picture) const override;
  [[nodiscard]] std::string name(std::int64_t i) const override;

  /// How many files are there that are no pictures by their names.
  [[nodiscard]] std::int64_t skipped_files() const noexcept { return skipped_; }

private:
  struct entry {
    std::string path; // from the folder of its class
    int label;
  };

  void list_class(const std::string &class_name);

  std::filesystem::path folder_;
  std::vector<std::string> class_names_;
  std::vector<entry> files_;
  std::int64_t skipped_ = 0;
};

/// Returns the pictures below `folder`; see folder_dataset.
[[nodiscard]] inline std::shared_ptr<const folder_dataset> open_folder(const std::filesystem::path &folder) {
  return std::make_shared<const folder_dataset>(folder);
}

} // namespace vggen
