// Division of whole numbers on Vulkan.
#pragma once

#include <Halide.h>

namespace vggen {

/// A custom lowering pass for Vulkan. Halide 21 divides signed numbers by constants with shifts that do not
/// keep the sign: a negative number's quotient is wrong. Here only unsigned ones are divided.
class vulkan_division : public Halide::Internal::IRMutator {
protected:
  using IRMutator::visit;

  Halide::Expr visit(const Halide::Internal::Div *op) override {
    if (!concerns(op->type, op->b)) return IRMutator::visit(op);
    return quotient(mutate(op->a), op->b);
  }
  Halide::Expr visit(const Halide::Internal::Mod *op) override {
    if (!concerns(op->type, op->b)) return IRMutator::visit(op);
    const Halide::Expr a = mutate(op->a);
    return a - quotient(a, op->b) * op->b;
  }

private:
  static bool concerns(const Halide::Type &type, const Halide::Expr &by) {
    return type.is_int() && type.bits() == 32 && Halide::Internal::is_const(by) &&
           Halide::Internal::is_positive_const(by);
  }

  // Rounded down: of a negative number -1 - (-1 - a) / b.
  static Halide::Expr quotient(const Halide::Expr &a, const Halide::Expr &by) {
    const Halide::Type type = Halide::UInt(32, a.type().lanes());
    const Halide::Expr divisor = Halide::cast(type, by);
    const auto divided = [&](const Halide::Expr &e) {
      return Halide::cast(a.type(), Halide::cast(type, e) / divisor);
    };
    const Halide::Expr minus_one = Halide::Internal::make_const(a.type(), -1);
    return Halide::select(a < 0, minus_one - divided(minus_one - a), divided(a));
  }
};

} // namespace vggen
