// Which compiled kernel runs for which layers: the plan of net/ and a model's table of kernels, joined by the
// compiler.
#pragma once

#include "vggen/core/kernel.hpp"
#include "vggen/core/packed_weights.hpp"

#include <vggen/net/parameters.hpp>
#include <vggen/net/plan.hpp>
#include <vggen/net/transform.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace vggen::detail {

/// A constant's value, without const or reference, for decltype.
template <class T> constexpr T value_of(const T &value) { return value; }

/// The index of the kernel with that signature in a model's table; -1 if it was not compiled.
template <class Kernels> constexpr int find_kernel(const signature &s) {
  for (std::size_t i = 0; i < Kernels::kernels.size(); ++i)
    if (Kernels::kernels[i].kernel == s) return static_cast<int>(i);
  return -1;
}

/// Represents one call of a compiled kernel. Tensor i is the output of layer i.
struct stitched_call {
  int kernel = -1; ///< in the model's table; -1: it was not compiled
  int parameter_layer = -1;
  int input = 0;
  int output = 0;
};

/// The calls of one run, in order. `prefer_split`: every layer's own tensor is stored where the kernels allow
/// it.
template <class Kernels, class Network> constexpr auto stitch(bool prefer_split) {
  bounded_list<stitched_call, 2 * Network::layer_count> calls;
  const auto add = [&](const kernel_call &call) {
    calls.push_back({.kernel = find_kernel<Kernels>(call.kernel),
                     .parameter_layer = call.parameter_layer,
                     .input = call.input,
                     .output = call.output});
  };
  for (const kernel_group &group : kernel_groups<Network>) {
    const bool fused = find_kernel<Kernels>(group.fused.kernel) >= 0;
    const bool split = group.fusible && find_kernel<Kernels>(group.split[0].kernel) >= 0 &&
                       find_kernel<Kernels>(group.split[1].kernel) >= 0;
    if (split && (prefer_split || !fused)) {
      add(group.split[0]);
      add(group.split[1]);
    } else {
      add(group.fused);
    }
  }
  return calls;
}

/// Represents a layer's packed weights: which layer's, for which kernel's layout, and where they lie.
struct packed_place {
  int layer = 0;
  int kernel = 0;          ///< whose `pack` makes them
  bool features = false;   ///< only runs that look at single layers need them
  std::uint64_t runs = 0;  ///< who reads them: see run_bit()
  std::int64_t offset = 0; ///< floats from the start of the packed weights
  std::int64_t size = 0;   ///< floats, rounded up to the alignment
};

template <class Kernels, int Batch>
using batch_network = decltype(with_batch<Batch>(typename Kernels::network{}));

/// The index of a layer's weights among the network's parameters; its bias is the next one.
template <class Network> constexpr int parameter_index(int layer) {
  for (std::size_t i = 0; i < parameter_infos<Network>.size(); ++i)
    if (parameter_infos<Network>[i].layer == layer) return static_cast<int>(i);
  return -1;
}

/// f(calls, index of the batch, features) for all kinds of runs, those without features first.
template <class Kernels, class F> constexpr void for_each_run(const F &f) {
  for (const bool features : {false, true})
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (f(stitch<Kernels, batch_network<Kernels, Kernels::batches[I]>>(features), I, features), ...);
    }(std::make_index_sequence<Kernels::batches.size()>{});
}

template <class Kernels> struct packing_plan {
  static constexpr std::size_t batches = Kernels::batches.size();
  static constexpr std::size_t room = 2 * batches * Kernels::network::layer_count;
  static_assert(batches <= 32, "a model is compiled for at most 32 batches");

  /// All packed weights of a model, those that every run needs first.
  static constexpr auto places = [] {
    bounded_list<packed_place, room> list;
    const auto add_calls = [&](const auto &calls, std::size_t batch, bool features) {
      const std::uint64_t run = run_bit(batch, features);
      for (const stitched_call &call : calls) {
        if (call.kernel < 0 || call.parameter_layer < 0) continue;
        const compiled_kernel &k = Kernels::kernels[static_cast<std::size_t>(call.kernel)];
        if (!k.packs_weights()) continue;
        bool known = false;
        for (std::size_t i = 0; i < list.count; ++i)
          if (packed_place &p = list.items[i];
              p.layer == call.parameter_layer &&
              Kernels::kernels[static_cast<std::size_t>(p.kernel)].pack_key == k.pack_key) {
            p.runs |= run;
            known = true;
          }
        if (known) continue;
        constexpr std::int64_t unit = arena_alignment / std::int64_t{sizeof(float)};
        const std::int64_t offset =
            list.count == 0 ? 0 : list.items[list.count - 1].offset + list.items[list.count - 1].size;
        list.push_back({.layer = call.parameter_layer,
                        .kernel = call.kernel,
                        .features = features,
                        .runs = run,
                        .offset = offset,
                        .size = (k.packed_size + unit - 1) / unit * unit});
      }
    };
    for_each_run<Kernels>(add_calls);
    return list;
  }();

  /// Who reads a parameter as it is, by its place among the network's (see run_bit()).
  static constexpr auto plain_runs = [] {
    std::array<std::uint64_t, parameter_infos<typename Kernels::network>.size()> runs{};
    for_each_run<Kernels>([&](const auto &calls, std::size_t batch, bool features) {
      for (const stitched_call &call : calls) {
        if (call.kernel < 0 || call.parameter_layer < 0) continue;
        const auto weights =
            static_cast<std::size_t>(parameter_index<typename Kernels::network>(call.parameter_layer));
        if (!Kernels::kernels[static_cast<std::size_t>(call.kernel)].packs_weights())
          runs[weights] |= run_bit(batch, features);
        runs[weights + 1] |= run_bit(batch, features);
        if (const int norm = batch_norm_of<typename Kernels::network>(call.parameter_layer); norm >= 0)
          for (std::size_t i = 0; i < 4;
               ++i) // it is folded into the bias, even where the weights come packed
            runs[weights + 2 + i] |= run_bit(batch, features);
      }
    });
    return runs;
  }();

  /// Floats that packed weights take.
  static constexpr std::int64_t size(bool features) {
    std::int64_t end = 0;
    for (const packed_place &p : places)
      if (features || !p.features) end = p.offset + p.size;
    return end;
  }

  /// The packed weights that a call reads; -1: it reads what the file has.
  static constexpr int place_of(const stitched_call &call) {
    if (call.kernel < 0 || call.parameter_layer < 0) return -1;
    const compiled_kernel &k = Kernels::kernels[static_cast<std::size_t>(call.kernel)];
    for (std::size_t i = 0; i < places.count; ++i)
      if (places.items[i].layer == call.parameter_layer &&
          Kernels::kernels[static_cast<std::size_t>(places.items[i].kernel)].pack_key == k.pack_key &&
          !k.pack_key.empty())
        return static_cast<int>(i);
    return -1;
  }
};

} // namespace vggen::detail
