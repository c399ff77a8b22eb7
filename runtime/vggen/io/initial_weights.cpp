#include "vggen/io/initial_weights.hpp"

#include "vggen/core/random.hpp"
#include "vggen/io/tensor_names.hpp"
#include "vggen/io/write_safetensors.hpp"
#include "vggen/version.hpp"

#include <algorithm>
#include <vector>

namespace vggen {

void write_initial_weights(const std::filesystem::path &path, std::span<const parameter_info> parameters,
                           std::uint64_t seed, std::map<std::string, std::string> metadata,
                           const std::function<void(double)> &progress) {
  std::int64_t total = 0, written = 0;
  for (const auto &p : parameters)
    total += p.size();
  std::vector<float> piece(1 << 20);
  std::vector<tensor_source> tensors;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const parameter_info &p = parameters[i];
    tensors.push_back({.name = tensor_name(p),
                       .type = element_type::f32,
                       .shape = {p.extents.begin(), p.extents.begin() + p.rank},
                       .produce = [&, i](const byte_sink &sink) {
                         for (std::int64_t offset = 0; offset < parameters[i].size();) {
                           const auto count = std::min<std::int64_t>(parameters[i].size() - offset,
                                                                     static_cast<std::int64_t>(piece.size()));
                           const std::span<float> values(piece.data(), static_cast<std::size_t>(count));
                           fill_initial(values, parameters[i], static_cast<std::uint32_t>(i), seed,
                                        static_cast<std::uint64_t>(offset));
                           sink(std::as_bytes(values));
                           offset += count;
                           written += count;
                           if (progress) progress(static_cast<double>(written) / static_cast<double>(total));
                         }
                       }});
  }
  metadata["vggen"] = VGGEN_VERSION_TEXT;
  metadata["seed"] = std::to_string(seed);
  write_safetensors(path, tensors, metadata);
}

} // namespace vggen
