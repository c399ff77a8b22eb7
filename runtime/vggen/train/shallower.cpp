// Layers correspond by their places; their shapes are looked at afterwards, so that every mismatch is named.
#include "vggen/train/shallower.hpp"

#include "vggen/io/error.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace vggen {
namespace {

constexpr std::size_t copied_convolutions = 4;

// The tensors of one layer, and of a convolution's batch norm: indices from `first` on.
struct layer_tensors {
  std::size_t first = 0, count = 0;
};

struct layer_lists {
  std::vector<layer_tensors> convolutions, fully_connected; // in the network's order
};

bool is_of_norm(const parameter_info &parameter) {
  return parameter.role != parameter_role::weights && parameter.role != parameter_role::bias;
}

layer_lists layers_of(std::span<const parameter_info> parameters) {
  layer_lists lists;
  for (std::size_t first = 0, next = 0; first < parameters.size(); first = next) {
    while (next < parameters.size() &&
           (parameters[next].layer == parameters[first].layer || is_of_norm(parameters[next])))
      ++next;
    // by name, for a classifier's layers may be convolutions
    const bool in_top = parameters[first].name.view().starts_with("fc");
    (in_top ? lists.fully_connected : lists.convolutions).push_back({first, next - first});
  }
  return lists;
}

std::span<const std::int64_t> shape_of(const parameter_info &parameter) {
  return std::span(parameter.extents).first(static_cast<std::size_t>(parameter.rank));
}

std::string text_of(const parameter_info &parameter) {
  std::string text = std::string(parameter.name.view()) + " " + std::string(parameter.suffix()) + " [";
  for (std::size_t i = 0; i < shape_of(parameter).size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(parameter.extents[i]);
  return text + "]";
}

// Pairs the tensors of corresponding layers.
class pairing {
public:
  pairing(std::span<const parameter_info> source, std::span<const parameter_info> destination)
      : source_(source), destination_(destination) {}

  void add(const layer_tensors &from, const layer_tensors &to) {
    std::vector<tensor_copy> pairs;
    std::string others;
    for (std::size_t i = 0; i < std::min(from.count, to.count); ++i) {
      const parameter_info &a = source_[from.first + i], &b = destination_[to.first + i];
      if (std::ranges::equal(shape_of(a), shape_of(b)))
        pairs.push_back({from.first + i, to.first + i});
      else
        others += "\n  found " + text_of(a) + ", expected " + text_of(b);
    }
    // the outputs that the next layers learned from would be others; a norm that only the deeper one has
    // starts afresh
    if (from.count > to.count)
      others += "\n  found a batch norm " + std::string(source_[from.first + to.count].name.view()) +
                ", expected none";
    mismatches_ += others;
    if (others.empty()) copies_.insert(copies_.end(), pairs.begin(), pairs.end());
  }

  std::vector<tensor_copy> finish(other_shapes otherwise) {
    if (!mismatches_.empty() && otherwise == other_shapes::refuse)
      throw error(error_code::mismatch, "the shallower network has layers of other shapes:" + mismatches_);
    if (copies_.empty())
      throw error(error_code::mismatch,
                  "the shallower network: found no layer of a place and a shape that the deeper one has, "
                  "expected some, as conv1_1");
    std::ranges::sort(copies_, {}, &tensor_copy::destination);
    return std::move(copies_);
  }

private:
  std::span<const parameter_info> source_, destination_;
  std::vector<tensor_copy> copies_;
  std::string mismatches_; // a line each
};

} // namespace

std::vector<tensor_copy> copies_from_shallower(std::span<const parameter_info> source,
                                               std::span<const parameter_info> destination,
                                               other_shapes otherwise) {
  const layer_lists from = layers_of(source), to = layers_of(destination);
  pairing pairs(source, destination);
  for (std::size_t i = 0; i < std::min(copied_convolutions, from.convolutions.size()); ++i) {
    const std::string_view place = source[from.convolutions[i].first].name.view();
    for (const layer_tensors &candidate : to.convolutions)
      if (destination[candidate.first].name.view() == place) pairs.add(from.convolutions[i], candidate);
  }
  const std::size_t tops = std::min(from.fully_connected.size(), to.fully_connected.size());
  for (std::size_t i = tops; i > 0; --i)
    pairs.add(*(from.fully_connected.end() - static_cast<std::ptrdiff_t>(i)),
              *(to.fully_connected.end() - static_cast<std::ptrdiff_t>(i)));
  return pairs.finish(otherwise);
}

} // namespace vggen
