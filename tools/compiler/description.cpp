#include "tools/compiler/description.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <stdexcept>

namespace vggen {

namespace {

signature signature_of(const std::string &text) {
  const auto s = parse_signature(text);
  if (!s) throw std::runtime_error("'" + text + "' is not a kernel's signature");
  return *s;
}

} // namespace

description read_description(const std::filesystem::path &file) {
  try {
    std::ifstream in(file);
    if (!in) throw std::runtime_error("cannot be opened");
    const auto json = nlohmann::json::parse(in);
    description d{.name = json.at("name"),
                  .header = json.at("header"),
                  .network = json.at("network"),
                  .batches = json.at("batches"),
                  .training_batch = json.value("training_batch", 0),
                  .gradients_batch = json.value("gradients_batch", 0),
                  .groups = {}};
    for (const auto &group : json.at("groups")) {
      described_group g{.fused = signature_of(group.at("fused")), .split = {}};
      for (const auto &text : group.at("split"))
        g.split.push_back(signature_of(text));
      d.groups.push_back(g);
    }
    return d;
  } catch (const std::exception &e) {
    throw std::runtime_error(file.string() + ": " + e.what());
  }
}

} // namespace vggen
