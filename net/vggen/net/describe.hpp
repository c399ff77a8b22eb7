// A network as JSON text, for programs that compile and tune its kernels. What is printed is a string of
// plain parts, so no JSON library is needed: every name is an identifier or a signature.
#pragma once

#include <vggen/net/plan.hpp>
#include <vggen/net/training_plan.hpp>
#include <vggen/net/transform.hpp>

#include <string>
#include <string_view>

namespace vggen {

namespace detail {

inline std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }
inline std::string quoted(const signature &s) { return quoted(to_text(s).view()); }

inline void describe_group(std::string &out, const signature &fused, const std::string &split = {}) {
  if (out.back() != '[') out += ",";
  out += "\n    {\"fused\": " + quoted(fused) + ", \"split\": [" + split + "]}";
}

template <class Network> void describe_groups(std::string &out) {
  describe_group(out, preprocess_call<Network>().kernel);
  for (const kernel_group &group : kernel_groups<Network>)
    describe_group(out, group.fused.kernel,
                   group.fusible ? quoted(group.split[0].kernel) + ", " + quoted(group.split[1].kernel) : "");
}

template <class Network> void describe_training(std::string &out) {
  check_trainable<Network>();
  for (const training_call &call : training_calls<Network>)
    describe_group(out, call.kernel);
  describe_group(out, sgd_kernel);
}

} // namespace detail

/// The description of a model: its network's kernel groups for each batch, and its training step for
/// TrainingBatch images if that is not 0. `name` is the model's, `header` and `expression` are where and as
/// what the network is declared in C++.
template <int TrainingBatch, int... Batches, class Network>
std::string describe(Network, std::string_view name, std::string_view header, std::string_view expression) {
  std::string out = "{\n  \"name\": " + detail::quoted(name) + ",\n  \"header\": " + detail::quoted(header) +
                    ",\n  \"network\": " + detail::quoted(expression) + ",\n  \"batches\": [";
  std::string batches;
  ((batches += (batches.empty() ? "" : ", ") + std::to_string(Batches)), ...);
  out += batches + "],\n  \"training_batch\": " + std::to_string(TrainingBatch) + ",\n  \"groups\": [";
  (detail::describe_groups<decltype(with_batch<Batches>(Network{}))>(out), ...);
  if constexpr (TrainingBatch > 0)
    detail::describe_training<decltype(with_batch<TrainingBatch>(Network{}))>(out);
  return out + "\n  ]\n}\n";
}

} // namespace vggen
