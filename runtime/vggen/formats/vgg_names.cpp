#include "vggen/formats/vgg_names.hpp"

namespace vggen::detail {

std::vector<named_parameter> torchvision_parameters(const vgg_weights &weights) {
  std::vector<named_parameter> all;
  int index = 0; // of features: a convolution, its batch norm, its relu, the block's max-pool
  for (const auto &block : weights.blocks) {
    for (const convolution_weights &convolution : block) {
      const std::string layer = "features." + std::to_string(index++);
      all.push_back({layer, "weight", &convolution.weight});
      all.push_back({layer, "bias", &convolution.bias});
      if (convolution.norm) {
        const std::string norm = "features." + std::to_string(index++);
        all.push_back({norm, "weight", &convolution.norm->weight});
        all.push_back({norm, "bias", &convolution.norm->bias});
        all.push_back({norm, "running_mean", &convolution.norm->running_mean});
        all.push_back({norm, "running_var", &convolution.norm->running_var});
      }
      ++index;
    }
    ++index;
  }
  index = 0; // of the classifier: a layer, its relu, its dropout
  for (const fully_connected_weights &connected : weights.top) {
    const std::string layer = "classifier." + std::to_string(index);
    all.push_back({layer, "weight", &connected.weight});
    all.push_back({layer, "bias", &connected.bias});
    index += 3;
  }
  return all;
}

std::map<std::string, std::string> metadata_to_write(const vgg_weights &weights) {
  std::map<std::string, std::string> metadata;
  for (const char *key : {"preprocess", "labels"})
    if (const auto entry = weights.metadata.find(key); entry != weights.metadata.end())
      metadata.insert(*entry);
  if (weights.top.empty()) metadata.erase("labels");
  return metadata;
}

std::string keras_convolution(std::size_t block, std::size_t index) {
  return "block" + std::to_string(block + 1) + "_conv" + std::to_string(index + 1);
}

std::string keras_fully_connected(std::size_t index, std::size_t count) {
  return index + 1 == count ? "predictions" : "fc" + std::to_string(index + 1);
}

} // namespace vggen::detail
