// A network as JSON text, for programs that compile and tune its kernels. What is printed is a string of
// plain parts, so no JSON library is needed: every name is an identifier or a signature.
#pragma once

#include <vggen/net/plan.hpp>
#include <vggen/net/transform.hpp>

#include <string>
#include <string_view>

namespace vggen {

namespace detail {

inline std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }
inline std::string quoted(const signature &s) { return quoted(to_text(s).view()); }

template <class Network> void describe_groups(std::string &out) {
  const auto add = [&](const kernel_group &group) {
    if (out.back() != '[') out += ",";
    out += "\n    {\"fused\": " + quoted(group.fused.kernel) + ", \"split\": [";
    if (group.fusible) out += quoted(group.split[0].kernel) + ", " + quoted(group.split[1].kernel);
    out += "]}";
  };
  add({.fused = preprocess_call<Network>(), .split = {}, .fusible = false});
  for (const kernel_group &group : kernel_groups<Network>)
    add(group);
}

} // namespace detail

/// The description of a model: its network's kernel groups for each batch. `name` is the model's, `header`
/// and `expression` are where and as what the network is declared in C++.
template <int... Batches, class Network>
std::string describe(Network, std::string_view name, std::string_view header, std::string_view expression) {
  std::string out = "{\n  \"name\": " + detail::quoted(name) + ",\n  \"header\": " + detail::quoted(header) +
                    ",\n  \"network\": " + detail::quoted(expression) + ",\n  \"batches\": [";
  std::string batches;
  ((batches += (batches.empty() ? "" : ", ") + std::to_string(Batches)), ...);
  out += batches + "],\n  \"groups\": [";
  (detail::describe_groups<decltype(with_batch<Batches>(Network{}))>(out), ...);
  return out + "\n  ]\n}\n";
}

} // namespace vggen
