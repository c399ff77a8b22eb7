// A compiled network: its types and its constants.
//
//     #include <compiled/vgg16.hpp>          // made by vggen_add_model()
//     using vgg16 = vggen::compiled::vgg16;  // this is a vggen::model
//
//     vgg16::weights weights;                // one, shared
//     vgg16::context<> context;              // one per thread that runs it
#pragma once

#include "vggen/core/context.hpp"
#include "vggen/core/gradient_context.hpp"
#include "vggen/core/training_context.hpp"
#include "vggen/core/weights.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace vggen {

/// Represents a network with its compiled kernels. `Kernels` is generated: the network's type, the batches it
/// was compiled for, and the table of kernels.
template <class Kernels> struct model {
  using kernels = Kernels;
  using network = typename Kernels::network;
  using weights = model_weights<Kernels>;
  /// One of the compiled batches; the first one if none is given.
  template <int Batch = Kernels::batches[0]> using context = model_context<Kernels, Batch>;

  /// For training, if it was compiled for it (MODE training).
  using training = training_context<Kernels>;
  /// For gradients of functions of its features, if it was compiled for them (MODE gradients).
  using gradients = gradient_context<Kernels>;

  static constexpr std::string_view name = Kernels::name;
  static constexpr std::string_view target = Kernels::target;
  /// The processor on which its schedules were measured to be the fastest; empty: on none.
  static constexpr std::string_view tuned_for = Kernels::tuned_for;
  static constexpr std::span<const int> batches{Kernels::batches};
  static constexpr std::span<const compiled_kernel> kernel_table{Kernels::kernels};
};

} // namespace vggen
