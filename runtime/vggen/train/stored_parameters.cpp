// Reads layers out of tensors' names. Names come from a file, and may be anything.
#include "vggen/train/stored_parameters.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/safetensors_header.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <compare>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace vggen {
namespace {

constexpr std::size_t most_problems = 20; // to list: a file can hold a million tensors
constexpr std::size_t most_layers = 1000; // no VGG has as many, and messages have room for the names
constexpr std::size_t most_digits = 4;    // of a number in a name
constexpr int last_of_all = 1 << 20;      // above any number in a name

// Where a layer is: convolutions before the classifier, each in the order of two numbers.
struct place {
  bool in_top = false;
  bool numbered = false; // by torchvision, with modules between
  int block = 0, number = 0;

  auto operator<=>(const place &) const = default;
};

// Takes `prefix` and then a number of at least 0 from the text's front.
std::optional<int> take_number(std::string_view &text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  const std::string_view rest = text.substr(prefix.size());
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  if (digits == 0 || digits > most_digits) return std::nullopt;
  int number = 0;
  const std::string_view numeral = rest.substr(0, digits);
  std::from_chars(numeral.data(), numeral.data() + numeral.size(), number);
  text = rest.substr(digits);
  return number;
}

std::optional<place> place_of(std::string_view layer) {
  for (const bool in_top : {false, true}) {
    std::string_view rest = layer;
    const auto number = take_number(rest, in_top ? "classifier." : "features.");
    if (number && rest.empty()) return place{.in_top = in_top, .numbered = true, .number = *number};
  }
  constexpr std::array<std::array<std::string_view, 2>, 2> convolutions{{{"conv", "_"}, {"block", "_conv"}}};
  for (const auto &[first, second] : convolutions) {
    std::string_view rest = layer;
    const auto block = take_number(rest, first);
    const auto number = block ? take_number(rest, second) : std::nullopt;
    if (number && rest.empty()) return place{.block = *block, .number = *number};
  }
  if (layer == "predictions") return place{.in_top = true, .number = last_of_all}; // Keras's last layer
  const auto number = take_number(layer, "fc");
  if (number && layer.empty()) return place{.in_top = true, .number = *number};
  return std::nullopt;
}

struct layer_pair {
  const tensor_view *weights = nullptr, *bias = nullptr;
};

// What is wrong with a file, all of it in one message.
class problem_list {
public:
  void add(const std::string &line) {
    if (++count_ <= most_problems) lines_ += "\n  " + line;
  }
  void finish(const std::string &file) const {
    if (count_ == 0) return;
    const std::string more =
        count_ > most_problems ? "\n  and " + std::to_string(count_ - most_problems) + " more" : "";
    throw error(error_code::mismatch, file +
                                          ": found tensors that are not those of a VGG's convolutions and "
                                          "fully connected layers:" +
                                          lines_ + more);
  }

private:
  std::string lines_;
  std::size_t count_ = 0;
};

using layers_by_place = std::map<place, layer_pair>;

layers_by_place find_layers(const safetensors_file &file, problem_list &problems) {
  layers_by_place layers;
  for (const tensor_view &tensor : file.tensors()) {
    const std::string_view name = tensor.name;
    if (name.starts_with("momentum.")) continue;
    const std::size_t dot = std::min(name.rfind('.'), name.size());
    const std::string_view kind = name.substr(std::min(dot + 1, name.size()));
    const auto where = place_of(name.substr(0, dot));
    if (!where || (kind != "weight" && kind != "bias")) {
      problems.add(detail::in_quotes(tensor.name) + ": not the name of such a tensor");
      continue;
    }
    layer_pair &layer = layers[*where];
    const tensor_view *&part = kind == "bias" ? layer.bias : layer.weights;
    if (part)
      problems.add(detail::in_quotes(tensor.name) + ": the same tensor as " + detail::in_quotes(part->name));
    else
      part = &tensor;
  }
  return layers;
}

void check(const place &where, const layer_pair &layer, problem_list &problems) {
  if (!layer.weights || !layer.bias) {
    const tensor_view &alone = layer.weights ? *layer.weights : *layer.bias;
    problems.add(detail::in_quotes(alone.name) + ": without " + (layer.weights ? "a bias" : "weights"));
    return;
  }
  for (const tensor_view *tensor : {layer.weights, layer.bias})
    if (tensor->type != element_type::f32)
      problems.add(detail::in_quotes(tensor->name) + ": found " + std::string(element_name(tensor->type)) +
                   ", expected F32");
  const auto &weights = layer.weights->shape, &bias = layer.bias->shape;
  const bool fits = weights.size() == 4 || (where.in_top && weights.size() == 2);
  if (!fits)
    problems.add(detail::in_quotes(layer.weights->name) + ": found " + std::to_string(weights.size()) +
                 " dimensions, expected " + (where.in_top ? "2, or 4 of a convolution" : "4"));
  else if (bias.size() != 1 || bias.front() != weights.front())
    problems.add(detail::in_quotes(layer.bias->name) + ": found another shape than [" +
                 std::to_string(weights.front()) + "], one value for each output of " +
                 detail::in_quotes(layer.weights->name));
}

stored_parameter stored(const tensor_view &tensor, const short_name &name, int layer, parameter_role role) {
  parameter_info info{.layer = layer,
                      .role = role,
                      .rank = static_cast<int>(tensor.shape.size()),
                      .extents = {},
                      .name = name,
                      .module = {},
                      .keras = {}};
  std::ranges::copy(tensor.shape, info.extents.begin());
  return {info, &tensor};
}

// Gives layers the paper's names as they come.
class namer {
public:
  short_name name(const place &where) {
    short_name text;
    if (where.in_top) {
      // as the file has it, if that is the paper's number: Keras's start from 1
      const int own = where.numbered || where.number == last_of_all ? 0 : where.number;
      last_top_ = std::max({own, last_top_ + 1, block_ + 1});
      text.append("fc");
      text.append(last_top_);
      return text;
    }
    if (!where.numbered) {
      block_ = where.block;
      in_block_ = where.number;
    } else if (block_ > 0 && where.number - last_number_ <= 2) {
      ++in_block_;
    } else {
      ++block_;
      in_block_ = 1;
    }
    last_number_ = where.number;
    text.append("conv");
    text.append(block_);
    text.append("_");
    text.append(in_block_);
    return text;
  }

private:
  int last_number_ = 0, block_ = 0, in_block_ = 0, last_top_ = 0;
};

} // namespace

std::vector<stored_parameter> stored_parameters(const safetensors_file &file) {
  const std::string path = file.path().string();
  problem_list problems;
  const layers_by_place layers = find_layers(file, problems);
  for (const auto &[where, layer] : layers)
    check(where, layer, problems);
  problems.finish(path);
  if (layers.empty() || layers.size() > most_layers)
    throw error(error_code::mismatch, path + ": found " + std::to_string(layers.size()) +
                                          " layers, expected those of a network, at most " +
                                          std::to_string(most_layers));
  const auto numbered = static_cast<std::size_t>(
      std::ranges::count_if(layers, [](const auto &layer) { return layer.first.numbered; }));
  if (numbered != 0 && numbered != layers.size())
    throw error(error_code::mismatch, path + ": found " + std::to_string(numbered) +
                                          " layers under torchvision's names (features.0) and " +
                                          std::to_string(layers.size() - numbered) +
                                          " under others, expected one naming for all");

  std::vector<stored_parameter> parameters;
  namer names;
  int index = 0;
  for (const auto &[where, layer] : layers) {
    const short_name name = names.name(where);
    parameters.push_back(stored(*layer.weights, name, index, parameter_role::weights));
    parameters.push_back(stored(*layer.bias, name, index, parameter_role::bias));
    ++index;
  }
  return parameters;
}

} // namespace vggen
