// Lists pictures, sorted, because the order in which a file system lists them is not the same everywhere.
#include "vggen/data/folder.hpp"

#include "vggen/io/error.hpp"
#include "vggen/io/read_image.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <system_error>
#include <utility>

namespace vggen {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path &path) { return path.filename().native().starts_with('.'); }

bool is_picture(const fs::path &path) {
  std::string extension = path.extension().string();
  for (char &letter : extension)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a'); // whatever the locale
  constexpr std::array<std::string_view, 4> known = {".png", ".jpg", ".jpeg", ".jpe"};
  return std::ranges::find(known, extension) != known.end();
}

[[noreturn]] void fail(const fs::path &folder, const std::error_code &why) {
  throw error(error_code::cannot_open, folder.string() + ": cannot list this folder: " + why.message());
}

// Calls visit(entry) for all that is in `folder`, but what is hidden.
template <class Visit> void for_each_entry(const fs::path &folder, const Visit &visit) {
  std::error_code failure;
  fs::directory_iterator at(folder, failure);
  if (failure) fail(folder, failure);
  while (at != fs::directory_iterator()) {
    if (!is_hidden(at->path())) visit(*at);
    at.increment(failure);
    if (failure) fail(folder, failure);
  }
}

// The regular files below `folder`, at any depth; how deep is bounded by the system's limit on paths.
void list_files(const fs::path &folder, std::vector<fs::path> &files) {
  for_each_entry(folder, [&](const fs::directory_entry &entry) {
    std::error_code ignored; // what cannot be looked at is no file that could be read
    if (entry.is_directory(ignored)) {
      if (!entry.is_symlink(ignored)) list_files(entry.path(), files);
    } else if (entry.is_regular_file(ignored)) {
      files.push_back(entry.path());
    }
  });
}

bool has_control_characters(const std::string &name) {
  return std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

} // namespace

folder_dataset::folder_dataset(const fs::path &folder) : folder_(folder) {
  for_each_entry(folder, [&](const fs::directory_entry &entry) {
    std::error_code ignored;
    if (entry.is_directory(ignored))
      class_names_.push_back(entry.path().filename().string());
    else
      ++skipped_;
  });
  if (class_names_.empty())
    throw error(error_code::corrupt_file,
                folder.string() + ": found no folder in it, expected one for each class, with images");
  std::ranges::sort(class_names_);
  for (const std::string &name : class_names_)
    list_class(name);
}

void folder_dataset::list_class(const std::string &class_name) {
  const fs::path class_folder = folder_ / class_name;
  if (has_control_characters(class_name))
    throw error(error_code::corrupt_file, folder_.string() + ": found a class called " +
                                              detail::in_quotes(class_name) +
                                              ", expected no control characters in its name");
  std::vector<fs::path> files;
  list_files(class_folder, files);
  std::vector<std::string> pictures;
  for (const fs::path &file : files)
    if (is_picture(file)) pictures.push_back(file.lexically_relative(class_folder).string());
  skipped_ += static_cast<std::int64_t>(files.size() - pictures.size());
  if (pictures.empty())
    throw error(error_code::corrupt_file,
                class_folder.string() + ": found " + std::to_string(files.size()) +
                    " files and no image among them, expected at least one (.png, .jpg, "
                    ".jpeg or .jpe) in the folder of each class");
  std::ranges::sort(pictures);
  const auto label = static_cast<int>(&class_name - class_names_.data());
  for (std::string &picture : pictures)
    files_.push_back({std::move(picture), label});
}

std::string folder_dataset::name(std::int64_t i) const {
  const entry &file = files_[static_cast<std::size_t>(i)];
  return (folder_ / class_names_[static_cast<std::size_t>(file.label)] / file.path).string();
}

void folder_dataset::read_into(std::int64_t i, image &picture) const { picture = read_image(name(i)); }

} // namespace vggen
