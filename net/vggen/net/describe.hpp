// A network as JSON text, for programs that compile and tune its kernels. What is printed is a string of
// plain parts, so no JSON library is needed: names are identifiers or signatures, a network is an expression.
#pragma once

#include <vggen/net/plan.hpp>
#include <vggen/net/step_plan.hpp>
#include <vggen/net/transform.hpp>

#include <string>
#include <string_view>

namespace vggen {

namespace detail {

inline std::string quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\'; // freeze_until<"fc4">(network)
    quoted += c;
  }
  return quoted + '"';
}
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
  for (const step_call &call : step_calls<Network>)
    describe_group(out, call.kernel);
  describe_group(out, sgd_kernel);
}

template <class Network> void describe_gradients(std::string &out) {
  check_differentiable<Network>();
  describe_group(out, preprocess_call<Network>().kernel);
  for (const step_call &call : step_calls<Network, backward_goal::features>)
    describe_group(out, call.kernel);
}

} // namespace detail

/// What the kernels of a model are for (MODE of vggen_add_model): each of them for so many images; 0: not for
/// that.
struct model_uses {
  bool inference = true; ///< for every batch
  int training_batch = 0;
  int gradients_batch = 0;
};

/// The description of a model: the kernels that its network needs for each batch and use. `name` is the
/// model's, `header` and `expression` are where and as what the network is declared in C++.
template <model_uses Uses, int... Batches, class Network>
std::string describe(Network, std::string_view name, std::string_view header, std::string_view expression) {
  std::string out = "{\n  \"name\": " + detail::quoted(name) + ",\n  \"header\": " + detail::quoted(header) +
                    ",\n  \"network\": " + detail::quoted(expression) + ",\n  \"batches\": [";
  std::string batches;
  ((batches += (batches.empty() ? "" : ", ") + std::to_string(Batches)), ...);
  out += batches + "],\n  \"training_batch\": " + std::to_string(Uses.training_batch) +
         ",\n  \"gradients_batch\": " + std::to_string(Uses.gradients_batch) + ",\n  \"groups\": [";
  if constexpr (Uses.inference) (detail::describe_groups<decltype(with_batch<Batches>(Network{}))>(out), ...);
  if constexpr (Uses.training_batch > 0)
    detail::describe_training<decltype(with_batch<Uses.training_batch>(Network{}))>(out);
  if constexpr (Uses.gradients_batch > 0)
    detail::describe_gradients<decltype(with_batch<Uses.gradients_batch>(Network{}))>(out);
  return out + "\n  ]\n}\n";
}

} // namespace vggen
