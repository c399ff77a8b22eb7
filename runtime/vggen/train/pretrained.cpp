#include "vggen/train/pretrained.hpp"

#include <vggen/io/error.hpp>
#include <vggen/io/load_parameters.hpp>
#include <vggen/io/parameter_comparison.hpp>
#include <vggen/io/safetensors.hpp>

#include <algorithm>
#include <cstddef>

namespace vggen {

pretrained_start start_from_pretrained(const std::filesystem::path &path, trainable &network) {
  const safetensors_file file(path);
  const trainable_facts &facts = network.facts();
  const auto all = facts.parameter_tensors;
  const auto before_top = static_cast<std::size_t>(std::ranges::find_if(all, detail::in_top) - all.begin());
  if (before_top == 0)
    throw error(error_code::invalid_argument,
                path.string() + ": found nothing to take, for " + std::string(facts.name) +
                    " has no layer before its classifier, expected a convolution");
  // as a network without a classifier: that of the file is then ignored
  const loaded_parameters loaded = load_parameters(all.first(before_top), file);

  pretrained_start start{.taken = {}, .others = {}, .preprocess = preprocess_of(file)};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i < before_top)
      std::ranges::copy(loaded.tensors[i], network.parameters().data() + facts.parameter_offsets[i]);
    auto &layers = i < before_top ? start.taken : start.others;
    const std::string name(all[i].name.view());
    if (layers.empty() || layers.back() != name) layers.push_back(name);
  }
  network.parameters_changed();
  return start;
}

} // namespace vggen
