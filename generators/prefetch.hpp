// Prefetching that reads what it is asked to.
#pragma once

#include <Halide.h>

#include <string>
#include <utility>
#include <vector>

namespace vggen {

/// A custom lowering pass. Halide 21 cuts what is to be prefetched into cache lines of 64 bytes, and then
/// takes steps of 64 elements: only one of four lines of floats is fetched, and as many beyond the end.
class prefetch_lines : public Halide::Internal::IRMutator {
protected:
  using IRMutator::visit;

  Halide::Internal::Stmt visit(const Halide::Internal::For *op) override {
    const bool outer = std::exchange(in_lines_, op->name.starts_with("prefetch_split_"));
    const std::string name = std::exchange(line_, op->name);
    auto result = IRMutator::visit(op);
    in_lines_ = outer;
    line_ = name;
    return result;
  }

  Halide::Expr visit(const Halide::Internal::Call *op) override {
    namespace internal = Halide::Internal;
    if (!in_lines_ || !op->is_intrinsic(internal::Call::prefetch)) return IRMutator::visit(op);
    const auto at = [&](const Halide::Expr &line) { return internal::substitute(line_, line, op->args[1]); };
    const Halide::Expr step = internal::simplify(at(1) - at(0));
    if (!internal::is_const(step, line_bytes)) return IRMutator::visit(op);
    std::vector<Halide::Expr> arguments = op->args;
    arguments[1] = at(0) + internal::Variable::make(Halide::Int(32), line_) * (line_bytes / op->type.bytes());
    return internal::Call::make(op->type, op->name, arguments, op->call_type);
  }

private:
  static constexpr int line_bytes = 64;

  bool in_lines_ = false; // in the innermost loop, over cache lines
  std::string line_;      // its variable
};

} // namespace vggen
