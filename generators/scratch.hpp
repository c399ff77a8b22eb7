// Reads from a lowered kernel how much heap memory it will ask for while it runs, so that a context can set
// it aside beforehand.
#pragma once

#include <Halide.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace vggen {

/// Bytes of heap that a kernel has allocated at the same time, at most.
struct scratch_size {
  std::int64_t shared = 0;                 ///< outside of parallel loops
  std::int64_t per_task = 0;               ///< in one task of a parallel loop
  std::vector<std::vector<int>> on_device; ///< extents of buffers that come with the call
};

/// The scratch of the kernel that this process compiled last.
inline scratch_size &measured_scratch() {
  static scratch_size size;
  return size;
}

/// A custom lowering pass that changes nothing and fills measured_scratch(). A heap allocation whose size has
/// no constant bound is an error, and on a device every one is.
class scratch_meter : public Halide::Internal::IRMutator {
public:
  explicit scratch_meter(bool on_device) : on_device_(on_device) { measured_scratch() = {}; }

protected:
  using IRMutator::visit;

  Halide::Internal::Stmt visit(const Halide::Internal::Allocate *op) override {
    const std::int64_t bytes = heap_bytes(*op);
    if (on_device_ && bytes > 0)
      throw std::runtime_error(op->name + " would be memory that the device gives at every call");
    std::int64_t &now = in_task_ ? task_ : shared_;
    now += bytes;
    scratch_size &peak = measured_scratch();
    peak.shared = std::max(peak.shared, shared_);
    peak.per_task = std::max(peak.per_task, task_);
    auto result = IRMutator::visit(op);
    now -= bytes;
    return result;
  }

  Halide::Internal::Stmt visit(const Halide::Internal::For *op) override {
    const bool outer = in_task_;
    in_task_ = outer || op->is_parallel();
    const bound values(bounds_, op->name, {lower(op->min), upper(op->min + op->extent - 1)});
    auto result = IRMutator::visit(op);
    in_task_ = outer;
    return result;
  }

  Halide::Internal::Stmt visit(const Halide::Internal::LetStmt *op) override {
    const bound values(bounds_, op->name, {lower(op->value), upper(op->value)});
    return IRMutator::visit(op);
  }

private:
  using bound = Halide::Internal::ScopedBinding<Halide::Internal::Interval>;

  // The limits of an expression as constants, or infinite.
  [[nodiscard]] Halide::Expr lower(const Halide::Expr &e) const {
    const auto limit = Halide::Internal::find_constant_bound(e, Halide::Internal::Direction::Lower, bounds_);
    return limit.defined() ? limit : Halide::Internal::Interval::neg_inf();
  }
  [[nodiscard]] Halide::Expr upper(const Halide::Expr &e) const {
    const auto limit = Halide::Internal::find_constant_bound(e, Halide::Internal::Direction::Upper, bounds_);
    return limit.defined() ? limit : Halide::Internal::Interval::pos_inf();
  }

  [[nodiscard]] std::int64_t heap_bytes(const Halide::Internal::Allocate &op) const {
    if (op.memory_type != Halide::MemoryType::Auto && op.memory_type != Halide::MemoryType::Heap) return 0;
    std::int64_t elements = 1;
    bool bounded = true;
    for (const Halide::Expr &extent : op.extents) {
      const auto most = Halide::Internal::as_const_int(upper(extent));
      if (most && *most <= 0) return 0;
      bounded = bounded && most && !__builtin_mul_overflow(elements, *most, &elements);
    }
    if (!bounded)
      throw std::runtime_error("the size of " + op.name +
                               " has no bound: a kernel's scratch must be known when it is compiled");
    const std::int64_t bytes = (elements + op.padding) * op.type.bytes();
    // small ones are on the stack, if Halide may choose and knows their size
    const std::int64_t on_stack = std::int64_t{16} * 1024;
    const bool constant = op.constant_allocation_size() > 0;
    if (op.memory_type == Halide::MemoryType::Auto && constant && bytes <= on_stack) return 0;
    return (bytes + allocation_overhead + alignment - 1) / alignment * alignment;
  }

  static constexpr std::int64_t alignment = 64;
  static constexpr std::int64_t allocation_overhead =
      128; // the context's header, and Halide's reads past the end

  Halide::Internal::Scope<Halide::Internal::Interval> bounds_; // of loops' variables and of lets
  bool on_device_ = false, in_task_ = false;
  std::int64_t shared_ = 0, task_ = 0;
};

} // namespace vggen
