// Holds a weights file against a network's list of parameters; the file by itself is valid already.
#include "vggen/io/load_parameters.hpp"

#include "vggen/io/error.hpp"
#include "vggen/io/safetensors_header.hpp"

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

constexpr std::size_t most_ungrouped = 20; // problems that a reader can take in without headings
constexpr std::size_t most_extra = 100;    // names of tensors to list: a file can hold a million

// Where a parameter has its layer's torchvision name, the paper's and Keras's.
constexpr std::array namings = {&parameter_info::module, &parameter_info::name, &parameter_info::keras};

std::string_view tensor_kind(const parameter_info &parameter) { return parameter.bias ? "bias" : "weight"; }

bool in_top(const parameter_info &parameter) { return parameter.module.view().starts_with("classifier."); }

// Whether tensors of this name belong to the classifier of some VGG: classifier.0.weight, fc6.bias.
bool named_as_top(std::string_view name) {
  if (name.starts_with("classifier.") || name.starts_with("predictions.")) return true;
  if (!name.starts_with("fc")) return false;
  const std::size_t end = name.find_first_not_of("0123456789", 2);
  return end != std::string_view::npos && end > 2 && name[end] == '.';
}

std::string shape_text(std::span<const std::int64_t> shape) {
  constexpr std::size_t most = 8; // a hostile shape can have millions of extents
  std::string text = "[";
  for (std::size_t i = 0; i < std::min(shape.size(), most); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + (shape.size() > most ? ", ...]" : "]");
}

std::span<const std::int64_t> shape_of(const parameter_info &parameter) {
  return std::span(parameter.extents).first(static_cast<std::size_t>(parameter.rank));
}

// The shape of the fully connected weights that this convolution of a classifier was made from.
std::optional<std::array<std::int64_t, 2>> connected_shape(const parameter_info &parameter) {
  if (parameter.rank != 4 || !in_top(parameter)) return std::nullopt;
  return std::array{parameter.extents[0], parameter.extents[1] * parameter.extents[2] * parameter.extents[3]};
}

bool has_shape_of(const tensor_view &tensor, const parameter_info &parameter) {
  const auto connected = connected_shape(parameter);
  return std::ranges::equal(tensor.shape, shape_of(parameter)) ||
         (connected && std::ranges::equal(tensor.shape, *connected));
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
      const std::string name = layer + "." + std::string(tensor_kind(parameters[i]));
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
  std::vector<std::vector<const tensor_view *>> given; // [parameter][each name that the file has for it]
  std::vector<const tensor_view *> removed_top;        // of a classifier that the network does not have
  std::vector<const tensor_view *> extra;
};

assignment assign(std::span<const parameter_info> parameters, const safetensors_file &file) {
  const name_tables tables = make_name_tables(parameters, file);
  const bool has_top = std::ranges::any_of(parameters, in_top);
  assignment result;
  result.given.resize(parameters.size());
  for (const tensor_view &tensor : file.tensors()) {
    if (const auto parameter = find_parameter(tables, tensor.name))
      result.given[*parameter].push_back(&tensor);
    else if (tensor.name.starts_with("momentum."))
      continue;
    else if (!has_top && named_as_top(tensor.name))
      result.removed_top.push_back(&tensor);
    else
      result.extra.push_back(&tensor);
  }
  return result;
}

enum class problem_kind { missing, repeated, mistyped, misshaped, extra };

// In the order in which a long list has them.
constexpr std::array headings = {std::pair(problem_kind::missing, "missing"),
                                 std::pair(problem_kind::repeated, "given more than once"),
                                 std::pair(problem_kind::mistyped, "of another type"),
                                 std::pair(problem_kind::misshaped, "of another shape"),
                                 std::pair(problem_kind::extra, "not of this network")};

// Compares a file's tensors with a list of parameters, and collects what does not match.
class comparison {
public:
  explicit comparison(std::span<const parameter_info> parameters) : parameters_(parameters) {}

  // `given` are the tensors that the file has for the parameter.
  void compare(const parameter_info &parameter, std::span<const tensor_view *const> given) {
    if (given.empty()) add_missing(parameter);
    if (given.size() > 1) add_repeated(parameter, given);
    for (const tensor_view *tensor : given) {
      if (tensor->type != element_type::f32)
        add(problem_kind::mistyped, subject(parameter, *tensor) + "found " +
                                        std::string(element_name(tensor->type)) + ", expected F32");
      if (!has_shape_of(*tensor, parameter)) add_misshaped(parameter, *tensor);
    }
  }

  void add_extra(std::span<const tensor_view *const> tensors) {
    for (const tensor_view *tensor : tensors.first(std::min(tensors.size(), most_extra)))
      add(problem_kind::extra,
          detail::in_quotes(tensor->name) + ": found a tensor that this network does not have");
    if (tensors.size() > most_extra)
      add(problem_kind::extra,
          "and " + std::to_string(tensors.size() - most_extra) + " more that it does not have",
          tensors.size() - most_extra);
  }

  // Throws if there was any problem.
  void finish(const std::string &file_name) const {
    if (problems_.empty()) return;
    if (problems_.size() == 1) throw error(error_code::mismatch, file_name + ": " + problems_.front().line);
    std::size_t count = 0;
    for (const problem &one : problems_)
      count += one.count;
    const std::string message = file_name + ": found " + std::to_string(count) + " mismatches with the " +
                                std::to_string(parameters_.size()) + " tensors of the network:";
    throw error(error_code::mismatch,
                message + (problems_.size() > most_ungrouped ? grouped_lines() : lines()));
  }

private:
  struct problem {
    problem_kind kind;
    std::string line;
    std::size_t count; // of tensors it stands for
  };

  void add(problem_kind kind, std::string line, std::size_t count = 1) {
    problems_.push_back({kind, std::move(line), count});
  }

  std::string lines() const {
    std::string text;
    for (const problem &one : problems_)
      text += "\n  " + one.line;
    return text;
  }

  std::string grouped_lines() const {
    std::string text;
    for (const auto &[kind, heading] : headings) {
      std::string group;
      for (const problem &one : problems_)
        if (one.kind == kind) group += "\n  " + one.line;
      if (!group.empty()) text += "\n" + std::string(heading) + ":" + group;
    }
    return text;
  }

  // "fc8 weight: "
  static std::string subject(const parameter_info &parameter) {
    return std::string(parameter.name.view()) + " " + std::string(tensor_kind(parameter)) + ": ";
  }

  // "fc8 weight ("classifier.6.weight"): "
  static std::string subject(const parameter_info &parameter, const tensor_view &tensor) {
    return std::string(parameter.name.view()) + " " + std::string(tensor_kind(parameter)) + " (" +
           detail::in_quotes(tensor.name) + "): ";
  }

  void add_missing(const parameter_info &parameter) {
    std::string layers;
    for (const auto naming : namings) {
      const std::string layer((parameter.*naming).view());
      if (!layer.empty()) layers += (layers.empty() ? "" : ", ") + layer;
    }
    add(problem_kind::missing, subject(parameter) + "found no tensor {" + layers + "}." +
                                   std::string(tensor_kind(parameter)) + ", expected F32 " +
                                   shape_text(shape_of(parameter)));
  }

  void add_repeated(const parameter_info &parameter, std::span<const tensor_view *const> given) {
    std::string names;
    for (const tensor_view *tensor : given)
      names += (names.empty() ? "" : " and ") + detail::in_quotes(tensor->name);
    add(problem_kind::repeated, subject(parameter) + "found it " + std::to_string(given.size()) +
                                    " times, as " + names + ", expected it once");
  }

  void add_misshaped(const parameter_info &parameter, const tensor_view &tensor) {
    const std::span<const std::int64_t> expected = shape_of(parameter);
    const auto connected = connected_shape(parameter);
    // A classifier for other classes is the usual mistake, so it is called by its name.
    const bool only_classes = in_top(parameter) && parameter.layer == parameters_.back().layer &&
                              tensor.shape.size() == expected.size() &&
                              std::ranges::equal(std::span(tensor.shape).subspan(1), expected.subspan(1));
    const auto classes = [&](std::int64_t number) {
      return only_classes ? " (" + std::to_string(number) + " classes)" : std::string();
    };
    add(problem_kind::misshaped,
        subject(parameter, tensor) + "found the shape " + shape_text(tensor.shape) +
            classes(only_classes ? tensor.shape.front() : 0) + ", expected " + shape_text(expected) +
            (connected ? " or " + shape_text(*connected) : "") + classes(expected.front()));
  }

  std::span<const parameter_info> parameters_;
  std::vector<problem> problems_;
};

std::string ignored_top_note(std::span<const tensor_view *const> tensors, const std::string &file_name) {
  std::string names;
  for (const tensor_view *tensor : tensors.first(std::min(tensors.size(), most_extra)))
    names += (names.empty() ? "" : ", ") + detail::in_quotes(tensor->name);
  if (tensors.size() > most_extra) names += " and " + std::to_string(tensors.size() - most_extra) + " more";
  return file_name + ": ignored the classifier, which this network does not have: " + names;
}

// The values of a tensor of F32, where they are if float may be there.
std::span<const float> values_of(const tensor_view &tensor, loaded_parameters &owner) {
  const std::size_t count = tensor.data.size() / sizeof(float);
  if (reinterpret_cast<std::uintptr_t>(tensor.data.data()) % alignof(float) == 0)
    return {reinterpret_cast<const float *>(tensor.data.data()), count};
  owner.copies.push_back(std::make_unique_for_overwrite<float[]>(count));
  std::memcpy(owner.copies.back().get(), tensor.data.data(), tensor.data.size());
  return {owner.copies.back().get(), count};
}

loaded_parameters load(std::span<const parameter_info> parameters, const safetensors_file &file) {
  const assignment found = assign(parameters, file);
  comparison problems(parameters);
  for (std::size_t i = 0; i < parameters.size(); ++i)
    problems.compare(parameters[i], found.given[i]);
  problems.add_extra(found.extra);
  problems.finish(file.path().string());

  loaded_parameters result;
  result.tensors.reserve(parameters.size());
  for (const auto &given : found.given)
    result.tensors.push_back(values_of(*given.front(), result));
  if (!found.removed_top.empty())
    result.notes.push_back(ignored_top_note(found.removed_top, file.path().string()));
  return result;
}

} // namespace

loaded_parameters load_parameters(std::span<const parameter_info> parameters, const safetensors_file &file) {
  try {
    return load(parameters, file);
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
