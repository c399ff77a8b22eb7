// Pictures that a list names, and what it says of each: a class, and where there is one a box.
#pragma once

#include "vggen/data/dataset.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vggen {

/// The name of a list of boxes in its folder.
inline constexpr const char *boxes_file_name = "boxes.csv";

/// Whether a list has to say where things are.
enum class listed_boxes { if_there, required };

/// Represents the pictures that a list names, in its order, one a line:
///
///     file,class,left,top,right,bottom
///     pictures/0001.png,ring,12,7,40,33.5
///
/// The first line names the columns, in any order; others than these are passed over. Without left, top,
/// right and bottom the pictures have no boxes. Fields have no quotes; spaces around them, empty lines and a
/// carriage return at a line's end do not count. Files are relative to the list's folder. A box is in pixels,
/// not empty, ends before the column `right` and the row `bottom`, and lies in its picture; fractions are
/// allowed. A picture is listed once, and decoded when it is read.
class listed_dataset final : public dataset {
public:
  /// Reads the list. Classes are those that it names, sorted by their bytes, unless `class_names` says which
  /// there are.
  ///
  /// Throws vggen::error with cannot_open if there is no list; with corrupt_file, naming the list and the
  /// line, for a column that is missing or there twice, another number of fields than columns, an empty field
  /// or one with control characters, a number that is none, an empty box or one that begins before the
  /// picture, a class that `class_names` has not, a picture that is missing or listed before; and for a list
  /// without a picture.
  explicit listed_dataset(const std::filesystem::path &list, std::vector<std::string> class_names = {},
                          listed_boxes boxes = listed_boxes::if_there);

  [[nodiscard]] std::int64_t size() const noexcept override {
    return static_cast<std::int64_t>(entries_.size());
  }
  [[nodiscard]] const std::vector<std::string> &class_names() const noexcept override { return class_names_; }
  [[nodiscard]] int label(std::int64_t i) const override { return at(i).label; }
  [[nodiscard]] std::optional<box> find_box(std::int64_t i) const override { return at(i).place; }
  /// Throws as read_image does, and with corrupt_file, naming the list and the line, if the box ends beyond
  /// the picture.
  void read_into(std::int64_t i, image &picture) const override;
  [[nodiscard]] std::string name(std::int64_t i) const override { return (folder_ / at(i).file).string(); }

private:
  struct entry {
    std::string file;
    std::string class_name;
    int label = 0;
    std::optional<box> place;
    std::size_t line = 0; // of the list, from 1
  };

  [[nodiscard]] const entry &at(std::int64_t i) const { return entries_[static_cast<std::size_t>(i)]; }

  std::filesystem::path list_, folder_;
  std::vector<std::string> class_names_;
  std::vector<entry> entries_;
};

/// Returns the pictures of a list; see listed_dataset.
[[nodiscard]] inline std::shared_ptr<const listed_dataset>
open_list(const std::filesystem::path &list, std::vector<std::string> class_names = {}) {
  return std::make_shared<const listed_dataset>(list, std::move(class_names));
}

/// Returns the pictures of a folder's list of boxes.
[[nodiscard]] inline std::shared_ptr<const listed_dataset>
open_boxes(const std::filesystem::path &folder, std::vector<std::string> class_names = {}) {
  return std::make_shared<const listed_dataset>(folder / boxes_file_name, std::move(class_names),
                                                listed_boxes::required);
}

} // namespace vggen
