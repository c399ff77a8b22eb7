// Keras 1 and 2: a group of each layer, whose names in their order are the attribute layer_names of the group
// around them. Keras 3: groups that are called after the layers' classes, conv2d_1, in each a group vars with
// datasets 0, 1, …, whose attribute name is the layer's own name. (keras/src/saving/saving_lib.py,
// legacy/saving/legacy_h5_format.py)
#include "vggen/formats/keras_file.hpp"

#include "vggen/formats/apart.hpp"
#include "vggen/formats/hdf5_handle.hpp"
#include "vggen/formats/natural_order.hpp"
#include "vggen/io/error.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <hdf5.h>

namespace vggen::detail {

namespace {

using handle = hdf5_handle;

constexpr std::string_view start("\x89HDF\r\n\x1a\n", 8);
constexpr int most_depth = 16;
constexpr std::size_t most_entries = 10'000; // groups, members of one, and datasets
constexpr std::size_t most_name = 1024;
// A weight file hardly becomes smaller when it is compressed; one that shrinks like this is a trap.
constexpr std::uint64_t most_compression = 16;

// A dataset: where it is, what it is called, and its extents.
struct dataset {
  std::string path, name;
  std::vector<std::int64_t> shape;
};

// Floats of such a tensor; none if no file of that many bytes can hold them.
std::optional<std::uint64_t> count_of(const std::vector<std::int64_t> &shape, std::uint64_t file_bytes) {
  std::uint64_t count = 1;
  for (const std::int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(count, static_cast<std::uint64_t>(extent), &count))
      return std::nullopt;
  return count / most_compression > file_bytes / sizeof(float) ? std::nullopt : std::optional(count);
}

// A file of HDF5's. Only in a process apart: hostile files are known to crash the library.
class hdf5_file {
public:
  hdf5_file(const std::string &name, std::uint64_t bytes)
      : name_(name), bytes_(bytes), file_(open(name_), H5Fclose) {
    if (!file_.valid()) fail("a damaged HDF5 file");
  }

  // Those of floating-point numbers.
  [[nodiscard]] std::vector<dataset> datasets() {
    std::vector<dataset> found;
    visit("/", 0, found);
    return found;
  }

  [[nodiscard]] std::vector<float> read(const dataset &one) const {
    const handle data(H5Dopen2(file_, one.path.c_str(), H5P_DEFAULT), H5Dclose);
    if (!data.valid() || shape_of(data, one.path) != one.shape)
      fail("a damaged dataset " + in_quotes(one.path));
    std::vector<float> values(count_of(one.shape, bytes_).value());
    if (H5Dread(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
      fail("a damaged dataset " + in_quotes(one.path));
    return values;
  }

private:
  static hid_t open(const std::string &name) {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); // errors are told by exceptions, not printed
    return H5Fopen(name.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  }

  [[noreturn]] void fail(const std::string &what, error_code code = error_code::corrupt_file) const {
    throw error(code, name_ + ": found " + what);
  }

  // The names in a group: in the order of its attribute layer_names, if it has one, else in natural order.
  [[nodiscard]] std::vector<std::string> names_in(const handle &group, const std::string &path) const {
    H5G_info_t facts;
    if (H5Gget_info(group, &facts) < 0) fail("a damaged group " + in_quotes(path));
    if (facts.nlinks > most_entries)
      fail("a group of " + std::to_string(facts.nlinks) + " members", error_code::too_large);
    std::vector<std::string> names;
    for (hsize_t i = 0; i < facts.nlinks; ++i) {
      const ssize_t length =
          H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_NATIVE, i, nullptr, 0, H5P_DEFAULT);
      if (length < 0 || static_cast<std::size_t>(length) > most_name)
        fail("a damaged group " + in_quotes(path));
      std::string name(static_cast<std::size_t>(length), '\0');
      H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_NATIVE, i, name.data(), name.size() + 1,
                         H5P_DEFAULT);
      H5L_info_t link;
      // a name that is a path would be followed to somewhere else
      if (name.empty() || name.find('/') != std::string::npos || name.find('\n') != std::string::npos ||
          H5Lget_info(group, name.c_str(), &link, H5P_DEFAULT) < 0)
        fail("a damaged group " + in_quotes(path));
      if (link.type != H5L_TYPE_HARD)
        fail("a link to somewhere else, " + in_quotes(path + name) + ", expected data in the file",
             error_code::unsupported);
      names.push_back(std::move(name));
    }
    std::ranges::sort(names, comes_before);
    const std::vector<std::string> layers = list_of_texts(group, "layer_names");
    std::ranges::stable_sort(names, {},
                             [&](const std::string &name) { return std::ranges::find(layers, name); });
    return names;
  }

  // An attribute that is a text or a list of texts; none if there is no such attribute.
  [[nodiscard]] static std::vector<std::string> texts(hid_t object, const char *name) {
    if (H5Aexists(object, name) <= 0) return {};
    const handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
    if (!attribute.valid()) return {};
    const handle type(H5Aget_type(attribute), H5Tclose), space(H5Aget_space(attribute), H5Sclose);
    if (!type.valid() || !space.valid() || H5Tget_class(type) != H5T_STRING) return {};
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    if (count < 1 || static_cast<std::size_t>(count) > most_entries) return {};
    std::vector<std::string> values;
    if (H5Tis_variable_str(type) > 0) {
      std::vector<char *> pointers(static_cast<std::size_t>(count));
      if (H5Aread(attribute, type, pointers.data()) < 0) return {};
      for (const char *text : pointers)
        values.emplace_back(text ? text : "");
      H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data());
      return values;
    }
    const std::size_t length = H5Tget_size(type);
    if (length == 0 || length > most_name) return {};
    std::string all(length * static_cast<std::size_t>(count), '\0');
    if (H5Aread(attribute, type, all.data()) < 0) return {};
    for (std::size_t at = 0; at < all.size(); at += length) {
      const std::string_view padded = std::string_view(all).substr(at, length);
      values.emplace_back(padded.substr(0, padded.find('\0')));
    }
    return values;
  }

  // A list that Keras writes in pieces, layer_names0, layer_names1, …, when it is too large for one
  // attribute.
  [[nodiscard]] static std::vector<std::string> list_of_texts(hid_t object, const std::string &name) {
    std::vector<std::string> all = texts(object, name.c_str());
    if (!all.empty()) return all;
    for (int piece = 0; all.size() <= most_entries; ++piece) {
      const std::vector<std::string> more = texts(object, (name + std::to_string(piece)).c_str());
      if (more.empty()) break;
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }

  void visit(const std::string &path, int depth, std::vector<dataset> &found,
             const std::string &called = {}) {
    if (depth > most_depth || ++groups_ > most_entries)
      fail("groups in groups without end", error_code::unsupported);
    const handle group(H5Gopen2(file_, path.c_str(), H5P_DEFAULT), H5Gclose);
    if (!group.valid()) fail("a damaged group " + in_quotes(path));
    for (const std::string &name : names_in(group, path)) {
      if (depth == 0 && name.starts_with("optimizer")) continue;
      H5O_info_t object;
      if (H5Oget_info_by_name(group, name.c_str(), &object, H5P_DEFAULT) < 0)
        fail("a damaged entry " + in_quotes(path + name));
      if (object.type == H5O_TYPE_GROUP)
        visit(path + name + "/", depth + 1, found, name == "vars" ? layer_name(path) : "");
      else if (object.type == H5O_TYPE_DATASET)
        add(path + name, called.empty() ? path + name : called + "/vars/" + name, found);
    }
  }

  // What Keras 3 notes as the name of the layer in this group; empty if nothing, or nothing that can be a
  // name.
  [[nodiscard]] std::string layer_name(const std::string &path) const {
    const handle variables(H5Gopen2(file_, (path + "vars").c_str(), H5P_DEFAULT), H5Gclose);
    if (!variables.valid()) return {};
    const std::vector<std::string> name = texts(variables, "name");
    const bool good = name.size() == 1 && name[0].find_first_of("/\n") == std::string::npos;
    return good ? name[0] : std::string();
  }

  [[nodiscard]] std::vector<std::int64_t> shape_of(const handle &data, const std::string &path) const {
    const handle space(H5Dget_space(data), H5Sclose);
    constexpr int most_rank = 8;
    const int rank = space.valid() ? H5Sget_simple_extent_ndims(space) : -1;
    if (rank < 0 || rank > most_rank) fail("a damaged dataset " + in_quotes(path));
    std::array<hsize_t, most_rank> extents{};
    H5Sget_simple_extent_dims(space, extents.data(), nullptr);
    return {extents.begin(), extents.begin() + rank};
  }

  void add(const std::string &path, const std::string &called, std::vector<dataset> &found) const {
    const handle data(H5Dopen2(file_, path.c_str(), H5P_DEFAULT), H5Dclose);
    if (!data.valid()) fail("a damaged dataset " + in_quotes(path));
    const handle type(H5Dget_type(data), H5Tclose);
    if (!type.valid()) fail("a damaged dataset " + in_quotes(path));
    if (H5Tget_class(type) != H5T_FLOAT) return;
    if (found.size() >= most_entries)
      fail("more than " + std::to_string(most_entries) + " datasets", error_code::too_large);
    std::vector<std::int64_t> shape = shape_of(data, path);
    const handle properties(H5Dget_create_plist(data), H5Pclose);
    if (!properties.valid()) fail("a damaged dataset " + in_quotes(path));
    if (H5Pget_external_count(properties) > 0 || H5Pget_layout(properties) == H5D_VIRTUAL)
      fail("a dataset in another file, " + in_quotes(path), error_code::unsupported);
    const std::uint64_t stored = H5Dget_storage_size(data); // of a hostile file, anything
    const auto count = count_of(shape, std::min(stored, bytes_));
    if (!count || stored > bytes_)
      fail("a dataset of more numbers than its file could hold, " + in_quotes(path), error_code::too_large);
    found.push_back({path, called, std::move(shape)});
  }

  std::string name_;
  std::uint64_t bytes_; // of the file
  handle file_;
  std::size_t groups_ = 0;
};

// Room for what the library and its caches take, and for the numbers twice: as they are stored, and as float.
apart_limits limits_for(std::uint64_t bytes) {
  constexpr std::uint64_t library = std::uint64_t{256} << 20;
  return {.memory = library + 4 * bytes, .seconds = 20};
}

// A dataset as a line: the extents, the path from the root, and the name.
std::string as_line(const dataset &one) {
  std::string line;
  for (const std::int64_t extent : one.shape)
    line += std::to_string(extent) + " ";
  return line + one.path + "\t" + one.name + "\n";
}

// None if the line is none: the process that wrote it may have been taken over.
std::optional<dataset> from_line(std::string_view line, std::uint64_t file_bytes) {
  dataset one;
  while (!line.empty() && line.front() != '/') {
    std::int64_t extent = 0;
    const auto [end, problem] = std::from_chars(line.data(), line.data() + line.size(), extent);
    const auto length = static_cast<std::size_t>(end - line.data());
    if (problem != std::errc() || length >= line.size() || line[length] != ' ' || one.shape.size() >= 8)
      return std::nullopt;
    one.shape.push_back(extent);
    line.remove_prefix(length + 1);
  }
  const std::size_t tab = line.find('\t');
  if (tab == std::string_view::npos || !count_of(one.shape, file_bytes)) return std::nullopt;
  one.path = line.substr(0, tab);
  one.name = line.substr(tab + 1);
  return one;
}

std::vector<dataset> datasets_of(const std::string &name, std::uint64_t file_bytes) {
  constexpr std::size_t most_text = most_entries * (2 * most_name + 200);
  std::string text;
  run_apart(
      name, limits_for(file_bytes),
      [&](const apart_sink &send) {
        for (const dataset &one : hdf5_file(name, file_bytes).datasets()) {
          const std::string line = as_line(one);
          send(std::as_bytes(std::span(line)));
        }
      },
      [&](std::span<const std::byte> piece) {
        if (text.size() < most_text) text.append(reinterpret_cast<const char *>(piece.data()), piece.size());
      });
  std::vector<dataset> found;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    const auto one =
        end == std::string_view::npos ? std::nullopt : from_line(rest.substr(0, end), file_bytes);
    if (!one) throw error(error_code::corrupt_file, name + ": found a damaged HDF5 file");
    found.push_back(*one);
    rest.remove_prefix(end + 1);
  }
  return found;
}

void read_dataset(const std::string &name, std::uint64_t file_bytes, const dataset &one,
                  std::span<float> to) {
  std::span<std::byte> rest = std::as_writable_bytes(to);
  run_apart(
      name, limits_for(to.size_bytes()),
      [&](const apart_sink &send) {
        const std::vector<float> values = hdf5_file(name, file_bytes).read(one);
        send(std::as_bytes(std::span(values)));
      },
      [&](std::span<const std::byte> piece) {
        const std::size_t count = std::min(piece.size(), rest.size());
        std::ranges::copy(piece.first(count), rest.begin());
        rest = rest.subspan(count);
      });
  if (!rest.empty())
    throw error(error_code::corrupt_file, name + ": found a dataset that ends early, " + in_quotes(one.path));
}

} // namespace

bool is_hdf5(std::span<const std::byte> bytes) {
  return bytes.size() >= start.size() && std::memcmp(bytes.data(), start.data(), start.size()) == 0;
}

stored_weights open_keras(const std::shared_ptr<const mapped_file> &file) {
  const std::string name = file->path().string();
  const std::uint64_t bytes = file->bytes().size();
  stored_weights result{
      .file = name, .format = "Keras", .layout = weight_layout::keras, .tensors = {}, .metadata = {}};
  for (const dataset &one : datasets_of(name, bytes))
    result.tensors.push_back(
        {.name = one.name.starts_with('/') ? one.name.substr(1) : one.name,
         .type = element_type::f32,
         .shape = one.shape,
         .read = [name, bytes, one](std::span<float> to) { read_dataset(name, bytes, one, to); }});
  return result;
}

} // namespace vggen::detail
