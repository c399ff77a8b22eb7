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
#include <span>
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
  bool norm = false; // a batch norm under a name of its own, which comes after its convolution

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
  struct block_name {
    std::string_view first, second;
    bool norm;
  };
  constexpr std::array<block_name, 4> names{
      {{"conv", "_", false}, {"block", "_conv", false}, {"bn", "_", true}, {"block", "_bn", true}}};
  for (const auto &[first, second, norm] : names) {
    std::string_view rest = layer;
    const auto block = take_number(rest, first);
    const auto number = block ? take_number(rest, second) : std::nullopt;
    if (number && rest.empty()) return place{.block = *block, .number = *number, .norm = norm};
  }
  if (layer == "predictions") return place{.in_top = true, .number = last_of_all}; // Keras's last layer
  const auto number = take_number(layer, "fc");
  if (number && layer.empty()) return place{.in_top = true, .number = *number};
  return std::nullopt;
}

// By suffix, in the order of a batch norm's parameters; the first two are also those of all other layers.
constexpr std::array<std::string_view, 4> suffixes{"weight", "bias", "running_mean", "running_var"};
using layer_tensors = std::array<const tensor_view *, suffixes.size()>;

// torchvision's names do not tell: there, statistics do.
bool is_norm(const place &where, const layer_tensors &layer) {
  return where.norm || layer[2] != nullptr || layer[3] != nullptr;
}

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
                                          ": found tensors that are not those of a VGG's convolutions, batch "
                                          "norms and fully connected layers:" +
                                          lines_ + more);
  }

private:
  std::string lines_;
  std::size_t count_ = 0;
};

using layers_by_place = std::map<place, layer_tensors>;

layers_by_place find_layers(const safetensors_file &file, problem_list &problems) {
  layers_by_place layers;
  for (const tensor_view &tensor : file.tensors()) {
    const std::string_view name = tensor.name;
    if (name.starts_with("momentum.")) continue;
    const std::size_t dot = std::min(name.rfind('.'), name.size());
    const std::string_view suffix = name.substr(std::min(dot + 1, name.size()));
    const auto where = place_of(name.substr(0, dot));
    if (where && suffix == "num_batches_tracked") continue; // by PyTorch, of batch norms
    const auto which = static_cast<std::size_t>(std::ranges::find(suffixes, suffix) - suffixes.begin());
    if (!where || which == suffixes.size()) {
      problems.add(detail::in_quotes(tensor.name) + ": not the name of such a tensor");
      continue;
    }
    const tensor_view *&part = layers[*where][which];
    if (part)
      problems.add(detail::in_quotes(tensor.name) + ": the same tensor as " + detail::in_quotes(part->name));
    else
      part = &tensor;
  }
  return layers;
}

// Looks at one layer after the other.
class layer_check {
public:
  explicit layer_check(problem_list &problems) : problems_(problems) {}

  void add(const place &where, const layer_tensors &layer) {
    const bool norm = is_norm(where, layer);
    if (!is_whole(layer, norm)) return;
    for (const tensor_view *tensor : layer)
      if (tensor && tensor->type != element_type::f32)
        problems_.add(detail::in_quotes(tensor->name) + ": found " + std::string(element_name(tensor->type)) +
                      ", expected F32");
    if (norm)
      check_norm(where, layer);
    else
      check_weights(where, layer);
  }

private:
  bool is_whole(const layer_tensors &layer, bool norm) {
    const tensor_view &any = **std::ranges::find_if(layer, [](auto *tensor) { return tensor != nullptr; });
    for (std::size_t i = 0; i < (norm ? layer.size() : 2); ++i)
      if (!layer[i]) {
        problems_.add(detail::in_quotes(any.name) + ": without a tensor " + std::string(suffixes[i]) +
                      " beside it");
        return false;
      }
    return true;
  }

  void check_weights(const place &where, const layer_tensors &layer) {
    const auto &weights = layer[0]->shape;
    const bool fits = weights.size() == 4 || (where.in_top && weights.size() == 2);
    if (!fits)
      problems_.add(detail::in_quotes(layer[0]->name) + ": found " + std::to_string(weights.size()) +
                    " dimensions, expected " + (where.in_top ? "2, or 4 of a convolution" : "4"));
    else
      expect_outputs(*layer[1], *layer[0]);
    weights_ = fits ? layer[0] : nullptr;
    before_ = where;
  }

  void check_norm(const place &where, const layer_tensors &layer) {
    const bool follows = weights_ && where.in_top == before_.in_top && where.block == before_.block &&
                         where.number == before_.number + (where.numbered ? 1 : 0);
    if (!follows)
      problems_.add(detail::in_quotes(layer[0]->name) + ": found a batch norm that follows no convolution");
    for (const tensor_view *tensor : layer)
      if (follows) expect_outputs(*tensor, *weights_);
  }

  void expect_outputs(const tensor_view &tensor, const tensor_view &weights) {
    if (tensor.shape.size() != 1 || tensor.shape.front() != weights.shape.front())
      problems_.add(detail::in_quotes(tensor.name) + ": found another shape than [" +
                    std::to_string(weights.shape.front()) + "], one value for each output of " +
                    detail::in_quotes(weights.name));
  }

  problem_list &problems_;
  const tensor_view *weights_ = nullptr; // of the layer before
  place before_;
};

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
  short_name name(const place &where, bool norm) {
    short_name text;
    if (norm) { // of the convolution before
      last_number_ = where.number;
      text.append("bn");
      text.append(block_);
      text.append("_");
      text.append(in_block_);
      return text;
    }
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
  layer_check checked(problems);
  for (const auto &[where, layer] : layers)
    checked.add(where, layer);
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
    using enum parameter_role;
    constexpr std::array roles{weights, bias, scale, shift, running_mean, running_variance};
    const bool norm = is_norm(where, layer);
    const short_name name = names.name(where, norm);
    const auto of_layer = norm ? std::span(roles).last(suffixes.size()) : std::span(roles).first(2);
    for (std::size_t i = 0; i < of_layer.size(); ++i)
      parameters.push_back(stored(*layer[i], name, index, of_layer[i]));
    ++index;
  }
  return parameters;
}

} // namespace vggen
