// The relu of all kernels.
#pragma once

#include <Halide.h>

namespace vggen {

/// The larger one of a value and zero; NaN stays NaN, as in PyTorch, so that a training that has diverged
/// shows it. (Halide's code generator takes max() to be free of NaN, and gives 0. strict_max is the
/// processor's, which gives its second operand where one is NaN. LLVM could still drop the NaN, since sums
/// are marked free of it; it does not, and the operators' tests look.)
inline Halide::Expr relu(const Halide::Expr &value) {
  using Halide::Internal::Call;
  return Call::make(value.type(), Call::strict_max, {Halide::cast(value.type(), 0), value},
                    Call::PureIntrinsic);
}

/// The same in a kernel for a device, whose maximum of a number and NaN may be either of them.
inline Halide::Expr relu_on_device(const Halide::Expr &value) {
  return Halide::select(Halide::is_nan(value), value, Halide::max(value, 0.f));
}

} // namespace vggen
