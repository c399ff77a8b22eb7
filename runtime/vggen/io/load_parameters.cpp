// Holds a weights file against a network's list of parameters; the file by itself is valid already.
#include "vggen/io/load_parameters.hpp"

#include "vggen/io/error.hpp"
#include "vggen/io/parameter_comparison.hpp"
#include "vggen/io/safetensors_header.hpp"
#include "vggen/io/tensor_names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <new>
#include <string_view>
#include <utility>

namespace vggen {
namespace {

using detail::in_top, detail::most_extra, detail::namings;

// Whether tensors of this name belong to the classifier of some VGG: classifier.0.weight, fc6.bias.
bool named_as_top(std::string_view name) {
  if (name.starts_with("classifier.") || name.starts_with("predictions.")) return true;
  if (!name.starts_with("fc")) return false;
  const std::size_t end = name.find_first_not_of("0123456789", 2);
  return end != std::string_view::npos && end > 2 && name[end] == '.';
}

// One naming's names.
struct name_table {
  std::map<std::string, std::size_t, std::less<>> parameter_of;
  std::size_t used = 0; // names that the file has
};
using name_tables = std::array<name_table, namings.size()>;

name_tables make_name_tables(std::span<const parameter_info> parameters, const safetensors_file &file) {
  name_tables tables;
  for (std::size_t n = 0; n < namings.size(); ++n)
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const std::string layer((parameters[i].*namings[n]).view());
      if (layer.empty()) continue;
      const std::string name = layer + "." + std::string(parameters[i].suffix());
      tables[n].parameter_of.emplace(name, i);
      if (file.find(name) != nullptr) ++tables[n].used;
    }
  return tables;
}

// The parameter that the name stands for, in the naming that the file uses most of those that know the name:
// in a network with one pool, "fc2" is the paper's first fully connected layer and Keras's second.
std::optional<std::size_t> find_parameter(const name_tables &tables, std::string_view name) {
  std::optional<std::size_t> found;
  std::size_t used = 0;
  for (const name_table &table : tables) {
    const auto entry = table.parameter_of.find(name);
    if (entry == table.parameter_of.end() || table.used <= used) continue;
    found = entry->second;
    used = table.used;
  }
  return found;
}

// The tensors of the file, each where it belongs.
struct assignment {
  std::vector<std::vector<const tensor_view *>> given;  // [parameter][each name that the file has for it]
  std::vector<std::vector<const tensor_view *>> packed; // [place], likewise
  std::vector<const tensor_view *> packed_otherwise; // [parameter], one of those for other kernels, or null
  std::vector<const tensor_view *> removed_top;      // of a classifier that the network does not have
  std::vector<const tensor_view *> extra;
};

// The place of what was packed from a parameter under that key, if this program has it.
std::optional<std::size_t> find_place(std::span<const packed_weights_info> packed, std::size_t parameter,
                                      std::string_view key) {
  const auto place = std::ranges::find_if(packed, [&](const packed_weights_info &info) {
    return static_cast<std::size_t>(info.parameter) == parameter && info.key == key;
  });
  if (place == packed.end()) return std::nullopt;
  return static_cast<std::size_t>(place - packed.begin());
}

assignment assign(std::span<const parameter_info> parameters, std::span<const packed_weights_info> packed,
                  const safetensors_file &file) {
  const name_tables tables = make_name_tables(parameters, file);
  const bool has_top = std::ranges::any_of(parameters, in_top);
  assignment result;
  result.given.resize(parameters.size());
  result.packed.resize(packed.size());
  result.packed_otherwise.resize(parameters.size());
  for (const tensor_view &tensor : file.tensors()) {
    const std::string_view name = tensor.name;
    const std::size_t mark = name.find(packed_mark);
    if (const auto parameter = find_parameter(tables, name.substr(0, mark))) {
      if (mark == std::string_view::npos)
        result.given[*parameter].push_back(&tensor);
      else if (const auto place = find_place(packed, *parameter, name.substr(mark + 1)))
        result.packed[*place].push_back(&tensor);
      else
        result.packed_otherwise[*parameter] = &tensor;
    } else if (name.starts_with("momentum.") || name.ends_with(".num_batches_tracked"))
      continue; // of a checkpoint; of a batch norm of PyTorch's, whose momentum does not need it
    else if (!has_top && named_as_top(name))
      result.removed_top.push_back(&tensor);
    else
      result.extra.push_back(&tensor);
  }
  return result;
}

// What does not match is thrown.
void check(const assignment &found, std::span<const parameter_info> parameters,
           std::span<const packed_weights_info> packed, const safetensors_file &file) {
  const auto packed_for = file.metadata().find("packed_for");
  detail::parameter_comparison problems(parameters);
  std::vector<bool> is_packed(parameters.size());
  for (std::size_t i = 0; i < packed.size(); ++i) {
    const auto parameter = static_cast<std::size_t>(packed[i].parameter);
    if (!found.packed[i].empty()) is_packed[parameter] = true;
    problems.compare_packed(parameters[parameter], found.packed[i], packed[i].size);
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    problems.compare(parameters[i], found.given[i]);
    if (!found.given[i].empty() || is_packed[i]) continue;
    if (found.packed_otherwise[i])
      problems.add_packed_otherwise(parameters[i], *found.packed_otherwise[i],
                                    packed_for == file.metadata().end() ? "" : packed_for->second,
                                    !packed.empty());
    else
      problems.add_missing(parameters[i]);
  }
  problems.add_extra(found.extra);
  problems.finish(file.path().string());
}

std::string ignored_top_note(std::span<const tensor_view *const> tensors, const std::string &file_name) {
  std::string names;
  for (const tensor_view *tensor : tensors.first(std::min(tensors.size(), most_extra)))
    names += (names.empty() ? "" : ", ") + detail::in_quotes(tensor->name);
  if (tensors.size() > most_extra) names += " and " + std::to_string(tensors.size() - most_extra) + " more";
  return file_name + ": ignored the classifier, which this network does not have: " + names;
}

// The values of a tensor of F32, where they are if they lie on that boundary.
std::span<const float> values_of(const tensor_view &tensor, std::size_t alignment, loaded_parameters &owner) {
  using line = loaded_parameters::line;
  const std::size_t count = tensor.data.size() / sizeof(float);
  if (reinterpret_cast<std::uintptr_t>(tensor.data.data()) % alignment == 0)
    return {reinterpret_cast<const float *>(tensor.data.data()), count};
  owner.copies.push_back(
      std::make_unique_for_overwrite<line[]>((tensor.data.size() + sizeof(line) - 1) / sizeof(line)));
  std::memcpy(owner.copies.back().get(), tensor.data.data(), tensor.data.size());
  return {reinterpret_cast<const float *>(owner.copies.back().get()), count};
}

loaded_parameters load(std::span<const parameter_info> parameters, const safetensors_file &file,
                       std::span<const packed_weights_info> packed) {
  const assignment found = assign(parameters, packed, file);
  check(found, parameters, packed, file);

  loaded_parameters result;
  result.tensors.reserve(parameters.size());
  for (const auto &given : found.given)
    result.tensors.push_back(given.empty() ? std::span<const float>()
                                           : values_of(*given.front(), alignof(float), result));
  result.packed.reserve(packed.size());
  for (const auto &given : found.packed)
    result.packed.push_back(
        given.empty() ? nullptr : values_of(*given.front(), alignof(loaded_parameters::line), result).data());
  if (!found.removed_top.empty())
    result.notes.push_back(ignored_top_note(found.removed_top, file.path().string()));
  return result;
}

} // namespace

std::vector<const float *> loaded_parameters::sources() const {
  std::vector<const float *> pointers;
  pointers.reserve(tensors.size());
  for (const std::span<const float> tensor : tensors)
    pointers.push_back(tensor.data());
  return pointers;
}

loaded_parameters load_parameters(std::span<const parameter_info> parameters, const safetensors_file &file,
                                  std::span<const packed_weights_info> packed) {
  try {
    return load(parameters, file, packed);
  } catch (const std::bad_alloc &) {
    throw error(error_code::out_of_memory,
                file.path().string() + ": there is not enough memory to load these weights");
  }
}

std::optional<std::string> preprocess_of(const safetensors_file &file) {
  const auto entry = file.metadata().find("preprocess");
  if (entry == file.metadata().end()) return std::nullopt;
  return entry->second;
}

} // namespace vggen
