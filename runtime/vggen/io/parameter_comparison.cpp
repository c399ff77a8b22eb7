#include "vggen/io/parameter_comparison.hpp"

#include "vggen/io/error.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace vggen::detail {
namespace {

constexpr std::size_t most_ungrouped = 20; // problems that a reader can take in without headings

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

// "fc8 weight: "
std::string subject(const parameter_info &parameter) {
  return std::string(parameter.name.view()) + " " + std::string(parameter.suffix()) + ": ";
}

// "fc8 weight ("classifier.6.weight"): "
std::string subject(const parameter_info &parameter, const tensor_view &tensor) {
  return std::string(parameter.name.view()) + " " + std::string(parameter.suffix()) + " (" +
         in_quotes(tensor.name) + "): ";
}

} // namespace

bool in_top(const parameter_info &parameter) { return parameter.module.view().starts_with("classifier."); }

void parameter_comparison::compare(const parameter_info &parameter,
                                   std::span<const tensor_view *const> given) {
  if (given.size() > 1) add_repeated(parameter, given);
  for (const tensor_view *tensor : given) {
    if (tensor->type != element_type::f32)
      add(kind::mistyped, subject(parameter, *tensor) + "found " + std::string(element_name(tensor->type)) +
                              ", expected F32");
    if (!has_shape_of(*tensor, parameter)) add_misshaped(parameter, *tensor);
  }
}

void parameter_comparison::add_missing(const parameter_info &parameter) {
  std::string layers;
  for (const auto naming : namings) {
    const std::string layer((parameter.*naming).view());
    if (!layer.empty()) layers += (layers.empty() ? "" : ", ") + layer;
  }
  add(kind::missing, subject(parameter) + "found no tensor {" + layers + "}." +
                         std::string(parameter.suffix()) + ", expected F32 " +
                         shape_text(shape_of(parameter)));
}

void parameter_comparison::add_packed_otherwise(const parameter_info &parameter, const tensor_view &tensor,
                                                const std::string &packed_for, bool takes_packed) {
  add(kind::packed, subject(parameter, tensor) + "found weights packed for other kernels" +
                        (packed_for.empty() ? "" : ", those of " + in_quotes(packed_for)) +
                        ", expected F32 " + shape_text(shape_of(parameter)) +
                        (takes_packed ? ", or the same packed by this build of the program" : ""));
}

void parameter_comparison::compare_packed(const parameter_info &parameter,
                                          std::span<const tensor_view *const> given, std::int64_t size) {
  if (given.size() > 1) add_repeated(parameter, given);
  for (const tensor_view *tensor : given)
    if (tensor->type != element_type::f32 || !std::ranges::equal(tensor->shape, std::array{size}))
      add(kind::packed, subject(parameter, *tensor) + "found " + std::string(element_name(tensor->type)) +
                            " " + shape_text(tensor->shape) + ", expected F32 [" + std::to_string(size) +
                            "]");
}

void parameter_comparison::add_extra(std::span<const tensor_view *const> tensors) {
  for (const tensor_view *tensor : tensors.first(std::min(tensors.size(), most_extra)))
    add(kind::extra, in_quotes(tensor->name) + ": found a tensor that this network does not have");
  if (tensors.size() > most_extra)
    add(kind::extra, "and " + std::to_string(tensors.size() - most_extra) + " more that it does not have",
        tensors.size() - most_extra);
}

void parameter_comparison::finish(const std::string &file_name) const {
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

void parameter_comparison::add(kind what, std::string line, std::size_t count) {
  problems_.push_back({what, std::move(line), count});
}

void parameter_comparison::add_repeated(const parameter_info &parameter,
                                        std::span<const tensor_view *const> given) {
  std::string names;
  for (const tensor_view *tensor : given)
    names += (names.empty() ? "" : " and ") + in_quotes(tensor->name);
  add(kind::repeated, subject(parameter) + "found it " + std::to_string(given.size()) + " times, as " +
                          names + ", expected it once");
}

void parameter_comparison::add_misshaped(const parameter_info &parameter, const tensor_view &tensor) {
  const std::span<const std::int64_t> expected = shape_of(parameter);
  const auto connected = connected_shape(parameter);
  // A classifier for other classes is the usual mistake, so it is called by its name.
  const bool only_classes = in_top(parameter) && parameter.layer == parameters_.back().layer &&
                            tensor.shape.size() == expected.size() &&
                            std::ranges::equal(std::span(tensor.shape).subspan(1), expected.subspan(1));
  const auto classes = [&](std::int64_t number) {
    return only_classes ? " (" + std::to_string(number) + " classes)" : std::string();
  };
  add(kind::misshaped, subject(parameter, tensor) + "found the shape " + shape_text(tensor.shape) +
                           classes(only_classes ? tensor.shape.front() : 0) + ", expected " +
                           shape_text(expected) + (connected ? " or " + shape_text(*connected) : "") +
                           classes(expected.front()));
}

std::string parameter_comparison::lines() const {
  std::string text;
  for (const problem &one : problems_)
    text += "\n  " + one.line;
  return text;
}

std::string parameter_comparison::grouped_lines() const {
  constexpr std::array headings = {std::pair(kind::missing, "missing"),
                                   std::pair(kind::packed, "packed otherwise"),
                                   std::pair(kind::repeated, "given more than once"),
                                   std::pair(kind::mistyped, "of another type"),
                                   std::pair(kind::misshaped, "of another shape"),
                                   std::pair(kind::extra, "not of this network")};
  std::string text;
  for (const auto &[what, heading] : headings) {
    std::string group;
    for (const problem &one : problems_)
      if (one.what == what) group += "\n  " + one.line;
    if (!group.empty()) text += "\n" + std::string(heading) + ":" + group;
  }
  return text;
}

} // namespace vggen::detail
