#include "vggen/train/start_from_shallower.hpp"

#include "vggen/train/shallower.hpp"
#include "vggen/train/stored_parameters.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/safetensors.hpp>

#include <cstring>

namespace vggen {

namespace {

std::vector<tensor_copy> find_copies(const std::filesystem::path &path,
                                     const std::vector<stored_parameter> &stored,
                                     const trainable_facts &facts) {
  std::vector<parameter_info> shallower;
  shallower.reserve(stored.size());
  for (const stored_parameter &one : stored)
    shallower.push_back(one.info);
  try {
    return copies_from_shallower(shallower, facts.parameter_tensors);
  } catch (const error &problem) {
    throw error(problem.code(), path.string() + ", for " + std::string(facts.name) + ": " + problem.what());
  }
}

} // namespace

shallower_start start_from_shallower(const std::filesystem::path &path, trainable &network) {
  const safetensors_file file(path);
  const auto stored = stored_parameters(file);
  const trainable_facts &facts = network.facts();
  const auto copies = find_copies(path, stored, facts);

  shallower_start start;
  auto copy = copies.begin();
  for (std::size_t i = 0; i < facts.parameter_tensors.size(); ++i) {
    const parameter_info &info = facts.parameter_tensors[i];
    std::string name(info.name.view());
    const bool copied = copy != copies.end() && copy->destination == i;
    if (copied) {
      const stored_parameter &from = stored[copy->source];
      std::memcpy(network.parameters().data() + facts.parameter_offsets[i], from.tensor->data.data(),
                  from.tensor->data.size());
      if (from.info.name.view() != info.name.view()) name += " (" + std::string(from.info.name.view()) + ")";
      ++copy;
    }
    if (info.role == parameter_role::weights) (copied ? start.copied : start.others).push_back(name);
  }
  network.parameters_changed();
  return start;
}

} // namespace vggen
