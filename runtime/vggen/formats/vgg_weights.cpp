#include "vggen/formats/vgg_weights.hpp"

#include "vggen/formats/check_vgg.hpp"
#include "vggen/formats/layouts.hpp"
#include "vggen/formats/natural_order.hpp"
#include "vggen/io/error.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <utility>

namespace vggen {

namespace {

using detail::in_quotes;

enum class role { weight, bias, scale, shift, mean, variance, variable, ignored };

// A tensor's name: its layer's, and what it is to the layer.
struct parsed_name {
  std::string_view layer; // with the path before it, if it has one
  role what;
  int variable = 0; // its number, where a file gives nothing else
};

std::string_view last_part(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }
std::string_view without_last_part(std::string_view path) {
  const std::size_t end = path.find_last_of('/');
  return end == std::string_view::npos ? std::string_view() : path.substr(0, end);
}

// Digits and nothing else; small, so that differences of such numbers are numbers.
std::optional<int> number_in(std::string_view text) {
  constexpr std::size_t most_digits = 6;
  if (text.empty() || text.size() > most_digits ||
      text.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// features.0.weight, conv1_1.bias
std::optional<parsed_name> parse_dotted(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, role>, 5> roles{{{"weight", role::weight},
                                                                    {"bias", role::bias},
                                                                    {"running_mean", role::mean},
                                                                    {"running_var", role::variance},
                                                                    {"num_batches_tracked", role::ignored}}};
  const std::size_t dot = name.find_last_of('.');
  if (dot == std::string_view::npos) return std::nullopt;
  for (const auto &[text, what] : roles)
    if (name.substr(dot + 1) == text) return parsed_name{name.substr(0, dot), what};
  return std::nullopt;
}

// block1_conv1/block1_conv1/kernel:0, block1_conv1/block1_conv1_W_1:0, layers/conv2d_1/vars/0
std::optional<parsed_name> parse_path(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, role>, 8> roles{{{"kernel", role::weight},
                                                                    {"bias", role::bias},
                                                                    {"gamma", role::scale},
                                                                    {"beta", role::shift},
                                                                    {"moving_mean", role::mean},
                                                                    {"moving_variance", role::variance},
                                                                    {"W", role::weight},
                                                                    {"b", role::bias}}};
  const std::string_view path = without_last_part(name), layer = last_part(path);
  std::string_view leaf = last_part(name);
  if (path.empty()) return std::nullopt;
  if (layer == "vars") {
    const auto number = number_in(leaf);
    if (!number) return std::nullopt;
    return parsed_name{without_last_part(path), role::variable, *number};
  }
  if (leaf.ends_with(":0")) leaf.remove_suffix(2);
  if (leaf.starts_with(layer) && leaf.substr(layer.size()).starts_with('_')) { // Keras 1: LAYER_W_1
    leaf.remove_prefix(layer.size() + 1);
    if (const std::size_t end = leaf.find_last_of('_');
        end != std::string_view::npos && number_in(leaf.substr(end + 1)))
      leaf = leaf.substr(0, end);
  }
  for (const auto &[text, what] : roles)
    if (leaf == text) return parsed_name{path, what};
  return std::nullopt;
}

// The tensors of one layer.
struct layer_tensors {
  std::string name;
  std::array<const stored_tensor *, 6> by_role{}; // weight, bias, scale, shift, mean, variance
  bool used = false;
  std::vector<const stored_tensor *> variables;

  [[nodiscard]] const stored_tensor *get(role what) const { return by_role[static_cast<std::size_t>(what)]; }
  void set(role what, const stored_tensor *tensor) { by_role[static_cast<std::size_t>(what)] = tensor; }
  [[nodiscard]] bool is_norm() const { return get(role::mean) != nullptr || get(role::variance) != nullptr; }
  [[nodiscard]] std::size_t rank() const { return get(role::weight) ? get(role::weight)->shape.size() : 0; }
};

// Gives numbered variables their roles: of a batch norm there are four of one extent, else weights and a
// bias.
void name_variables(layer_tensors &layer) {
  const auto &v = layer.variables;
  if (v.size() == 4 &&
      std::ranges::all_of(v, [](const stored_tensor *t) { return t && t->shape.size() == 1; })) {
    for (std::size_t i = 0; i < 4; ++i)
      layer.by_role[2 + i] = v[i];
    return;
  }
  if (!v.empty()) layer.set(role::weight, v[0]);
  if (v.size() > 1) layer.set(role::bias, v[1]);
}

// Torch calls the factors and summands of a batch norm weight and bias.
void name_norm(layer_tensors &layer) {
  if (!layer.is_norm() || layer.get(role::scale) != nullptr) return;
  layer.set(role::scale, layer.get(role::weight));
  layer.set(role::shift, layer.get(role::bias));
  layer.set(role::weight, nullptr);
  layer.set(role::bias, nullptr);
}

// Where a layer is, by its name: its block, counted from 1, or its index among torchvision's features.
struct layer_place {
  std::optional<int> block, index;
};

layer_place place_of(std::string_view name) {
  name = last_part(name);
  constexpr std::string_view torch = "features.", keras = "block", paper = "conv";
  if (name.starts_with(torch)) return {.block = {}, .index = number_in(name.substr(torch.size()))};
  const auto number_before = [&](std::string_view text) { return number_in(text.substr(0, text.find('_'))); };
  if (name.starts_with(keras)) return {.block = number_before(name.substr(keras.size())), .index = {}};
  if (name.starts_with(paper) && !name.starts_with("conv2d"))
    return {.block = number_before(name.substr(paper.size())), .index = {}};
  return {};
}

// Finds the layers of a VGG among tensors, and says what does not fit.
class search {
public:
  search(const stored_weights &stored, vgg_part part) : stored_(stored), part_(part) {}

  vgg_weights run() {
    constexpr std::size_t most = 10'000;
    if (stored_.tensors.size() > most)
      throw error(error_code::too_large, stored_.file + ": found " + std::to_string(stored_.tensors.size()) +
                                             " tensors, expected a VGG's");
    for (const stored_tensor &tensor : stored_.tensors)
      add(tensor);
    // others than Keras's may list them by size, or "features.10" before "features.2"
    if (stored_.layout == weight_layout::torch)
      std::ranges::stable_sort(layers_, detail::comes_before, &layer_tensors::name);
    for (layer_tensors &layer : layers_) {
      name_variables(layer);
      name_norm(layer);
    }
    vgg_weights found{.file = stored_.file, .blocks = {}, .top = {}, .metadata = stored_.metadata};
    find_convolutions(found);
    if (part_ == vgg_part::whole) find_top(found);
    if (leaves_norms_ && !found.has_batch_norm())
      problems_.emplace_back("found batch norms, but none named as a VGG's convolution or beside it");
    for (const layer_tensors &layer : layers_)
      if (!layer.used)
        problems_.push_back(in_quotes(layer.name) + ": found a layer without weights, or of no VGG");
    detail::check_vgg(found, std::move(problems_));
    return found;
  }

private:
  void add(const stored_tensor &tensor) {
    constexpr std::size_t most_name = 1024; // each is compared with all others
    const bool is_path = tensor.name.find('/') != std::string::npos;
    const auto name = tensor.name.size() > most_name ? std::nullopt
                      : is_path                      ? parse_path(tensor.name)
                                                     : parse_dotted(tensor.name);
    if (part_ == vgg_part::encoder && (!name || !has_place(name->layer))) {
      leaves_norms_ = leaves_norms_ || (name && is_of_norm(*name, tensor));
      return;
    }
    if (!name) {
      problems_.push_back(in_quotes(tensor.name) + ": found a tensor that is none of a layer's");
      return;
    }
    if (name->what == role::ignored) return;
    if (std::ranges::any_of(tensor.shape, [](std::int64_t extent) { return extent < 1; })) {
      problems_.push_back(in_quotes(tensor.name) + ": found a tensor without elements");
      return;
    }
    auto layer = std::ranges::find(layers_, name->layer, &layer_tensors::name);
    if (layer == layers_.end())
      layer = layers_.insert(
          layers_.end(), {.name = std::string(name->layer), .by_role = {}, .used = false, .variables = {}});
    if (name->what == role::variable) {
      constexpr int most = 8;
      if (name->variable >= most) {
        problems_.push_back(in_quotes(tensor.name) + ": found a tensor that is none of a VGG's");
        return;
      }
      layer->variables.resize(
          std::max(layer->variables.size(), static_cast<std::size_t>(name->variable) + 1));
      const stored_tensor *&slot = layer->variables[static_cast<std::size_t>(name->variable)];
      if (slot != nullptr) problems_.push_back(in_quotes(tensor.name) + ": found it twice");
      slot = &tensor;
    } else if (layer->get(name->what) != nullptr) {
      problems_.push_back(in_quotes(tensor.name) + ": found it twice, the second time as " +
                          in_quotes(layer->get(name->what)->name));
    } else {
      layer->set(name->what, &tensor);
    }
  }

  static bool has_place(std::string_view layer) {
    const layer_place place = place_of(layer);
    return place.block || place.index;
  }

  static bool is_of_norm(const parsed_name &name, const stored_tensor &tensor) {
    constexpr int last = 3; // of a batch norm's variables
    return name.what == role::mean || name.what == role::variance ||
           (name.what == role::variable && name.variable == last && tensor.shape.size() == 1);
  }

  // Of a classifier that was made a convolution.
  static bool is_top(const layer_tensors &layer) {
    const std::string_view name = last_part(layer.name);
    return name.starts_with("classifier.") || name.starts_with("fc") || name == "predictions";
  }

  void find_convolutions(vgg_weights &found) {
    std::vector<layer_tensors *> convolutions, norms;
    for (layer_tensors &layer : layers_) {
      if (layer.rank() == 4 && !is_top(layer)) convolutions.push_back(&layer);
      if (layer.is_norm()) norms.push_back(&layer);
    }
    if (!norms.empty() && norms.size() != convolutions.size()) {
      problems_.push_back("found " + std::to_string(convolutions.size()) + " convolutions and " +
                          std::to_string(norms.size()) + " batch norms, expected one for each");
      norms.clear();
    }
    const std::vector<int> blocks = blocks_of(convolutions, !norms.empty());
    for (std::size_t i = 0; i < convolutions.size() && i < blocks.size(); ++i) {
      if (i == 0 || blocks[i] != blocks[i - 1]) found.blocks.emplace_back();
      found.blocks.back().push_back(convolution(*convolutions[i], norms.empty() ? nullptr : norms[i]));
      convolutions[i]->used = true;
      if (!norms.empty()) norms[i]->used = true;
    }
  }

  // The block of each convolution; as many as can be told.
  std::vector<int> blocks_of(const std::vector<layer_tensors *> &convolutions, bool norms) {
    std::vector<int> blocks;
    int block = 0;
    std::optional<int> last;
    for (const layer_tensors *layer : convolutions) {
      const layer_place place = place_of(layer->name);
      if (place.block) {
        block = *place.block;
      } else if (place.index) {
        const int step = last ? *place.index - *last : 0, same = norms ? 3 : 2;
        if (last && step != same && step != same + 1)
          problems_.push_back(in_quotes(layer->name) + ": found it " + std::to_string(step) +
                              " places after the last convolution, expected " + std::to_string(same) +
                              ", or " + std::to_string(same + 1) + " with a max-pool between");
        if (last && step == same + 1) ++block;
        last = place.index;
      } else {
        return blocks_by_count(convolutions.size());
      }
      blocks.push_back(block);
    }
    return blocks;
  }

  // The published configurations A, B, D and E.
  std::vector<int> blocks_by_count(std::size_t count) {
    constexpr std::array<std::array<int, 5>, 4> configurations{
        {{1, 1, 2, 2, 2}, {2, 2, 2, 2, 2}, {2, 2, 3, 3, 3}, {2, 2, 4, 4, 4}}};
    for (const auto &configuration : configurations) {
      std::vector<int> blocks;
      for (int block = 0; block < 5; ++block)
        blocks.insert(blocks.end(), static_cast<std::size_t>(configuration[static_cast<std::size_t>(block)]),
                      block);
      if (blocks.size() == count) return blocks;
    }
    problems_.push_back("found " + std::to_string(count) +
                        " convolutions whose names do not tell their blocks, expected 8, 10, 13 or 16");
    return {};
  }

  convolution_weights convolution(const layer_tensors &layer, const layer_tensors *norm) {
    convolution_weights result{.weight = *layer.get(role::weight), .bias = {}, .norm = {}};
    if (stored_.layout == weight_layout::keras) detail::outputs_before_places(result.weight);
    result.bias = bias_of(layer, result.weight.shape[0]);
    if (norm != nullptr) {
      result.norm.emplace();
      const auto take = [&](role what, const char *kind, float otherwise) {
        const stored_tensor *tensor = norm->get(what);
        // Keras can leave out factors and summands
        if (tensor == nullptr && (what == role::mean || what == role::variance))
          problems_.push_back(in_quotes(norm->name) + ": found no " + kind +
                              ", expected that of a batch norm");
        return tensor ? *tensor
                      : detail::constant_tensor(norm->name + "." + kind, result.weight.shape[0], otherwise);
      };
      result.norm->weight = take(role::scale, "weight", 1);
      result.norm->bias = take(role::shift, "bias", 0);
      result.norm->running_mean = take(role::mean, "running_mean", 0);
      result.norm->running_var = take(role::variance, "running_var", 1);
      result.norm->epsilon = stored_.layout == weight_layout::keras ? 1e-3 : 1e-5;
    }
    return result;
  }

  void find_top(vgg_weights &found) {
    const std::int64_t channels =
        found.blocks.empty() ? 0 : found.blocks.back().back().weight.shape[0]; // of what comes in
    for (layer_tensors &layer : layers_) {
      if (layer.rank() == 0 || (layer.rank() == 4 && !is_top(layer))) continue;
      layer.used = true;
      fully_connected_weights result{.weight = *layer.get(role::weight), .bias = {}};
      if (layer.rank() == 4) { // [outputs, channels, height, width], in the same order
        if (stored_.layout == weight_layout::keras) detail::outputs_before_places(result.weight);
        auto &shape = result.weight.shape;
        shape = {shape[0], shape[1] * shape[2] * shape[3]};
      } else if (layer.rank() != 2) {
        problems_.push_back(in_quotes(layer.get(role::weight)->name) + ": found " +
                            std::to_string(layer.rank()) + " dimensions, expected 2 or 4");
        continue;
      } else if (stored_.layout == weight_layout::keras) {
        transpose(result.weight, found.top.empty() ? channels : result.weight.shape[0]);
      }
      result.bias = bias_of(layer, result.weight.shape[0]);
      found.top.push_back(std::move(result));
    }
  }

  static stored_tensor bias_of(const layer_tensors &layer, std::int64_t outputs) {
    const stored_tensor *bias = layer.get(role::bias);
    return bias ? *bias : detail::constant_tensor(layer.name + ".bias", outputs, 0);
  }

  // [in, out] to [out, in], where `in` counts places and then channels, and becomes channels and then places.
  void transpose(stored_tensor &tensor, std::int64_t channels) {
    const std::int64_t in = tensor.shape[0];
    if (channels == 0 || in % channels != 0) {
      problems_.push_back(in_quotes(tensor.name) + ": found " + std::to_string(in) +
                          " inputs, expected a multiple of the " + std::to_string(channels) +
                          " channels of the last convolution");
      return;
    }
    detail::outputs_before_inputs(tensor, channels);
  }

  const stored_weights &stored_;
  vgg_part part_;
  bool leaves_norms_ = false; // that are in the file, but of no layer that an encoder has
  std::vector<layer_tensors> layers_;
  std::vector<std::string> problems_;
};

} // namespace

bool vgg_weights::has_batch_norm() const {
  return !blocks.empty() && !blocks.front().empty() && blocks.front().front().norm.has_value();
}

vgg_weights find_vgg(const stored_weights &stored, vgg_part part) { return search(stored, part).run(); }

} // namespace vggen
