// Prefetching that reads what it is asked to.
#pragma once

#include <Halide.h>

#include <stdexcept>
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

/// What the products of Winograd's points read next (next_point below).
struct point_stream {
  int floats = 0;       ///< of a point's weights, which lie one after another; 0: nothing is prefetched
  std::string weights;  ///< their buffer
  std::string groups;   ///< the loop over groups of tiles
  std::string channels; ///< inside of it the loop over rows of input channels
};

/// A custom lowering pass. While a point's product is computed, for one group of tiles after another, all
/// lines of the next point's weights are prefetched, some in each step: otherwise the first group would wait
/// for all of them, and the memory for the other groups.
class next_point : public Halide::Internal::IRMutator {
public:
  explicit next_point(point_stream stream) : stream_(std::move(stream)) {}

protected:
  using IRMutator::visit;

  Halide::Internal::Stmt visit(const Halide::Internal::For *op) override {
    namespace internal = Halide::Internal;
    if (stream_.floats > 0 && op->name == stream_.groups) {
      groups_ = op;
      auto result = IRMutator::visit(op);
      groups_ = nullptr;
      return result;
    }
    if (!groups_ || op->name != stream_.channels) return IRMutator::visit(op);
    const Halide::Expr first = first_of_point(op);
    if (!first.defined()) return op;
    const auto extent = internal::as_const_int(op->extent), groups = internal::as_const_int(groups_->extent);
    if (!extent || !groups) throw std::logic_error("the loops of a product have no constant extent");
    const int lines = stream_.floats / line_floats, steps = static_cast<int>(*extent * *groups);
    const int in_step = (lines + steps - 1) / steps;
    const auto variable = [](const internal::For &loop) {
      return internal::Variable::make(Halide::Int(32), loop.name) - loop.min;
    };
    const Halide::Expr step = variable(*groups_) * op->extent + variable(*op);
    internal::Stmt body = op->body;
    for (int i = 0; i < in_step; ++i)
      body = internal::Block::make(prefetch_line(first, lines + Halide::min(step * in_step + i, lines - 1)),
                                   body);
    return internal::For::make(op->name, op->min, op->extent, op->for_type, op->partition_policy,
                               op->device_api, body);
  }

private:
  static constexpr int line_floats = 16;

  [[nodiscard]] Halide::Internal::Stmt prefetch_line(const Halide::Expr &first,
                                                     const Halide::Expr &line) const {
    namespace internal = Halide::Internal;
    const auto base = internal::Variable::make(Halide::Handle(), stream_.weights);
    return internal::Evaluate::make(internal::Call::make(Halide::Float(32), internal::Call::prefetch,
                                                         {base, first + line * line_floats, 1, 1},
                                                         internal::Call::Intrinsic));
  }

  // The index of the point's first weight: of those that the loop reads, in its first iteration.
  [[nodiscard]] Halide::Expr first_of_point(const Halide::Internal::For *op) const {
    namespace internal = Halide::Internal;
    class first_load : public internal::IRVisitor {
    public:
      explicit first_load(const std::string &buffer) : buffer_(buffer) {}
      Halide::Expr index;

    protected:
      using IRVisitor::visit;
      void visit(const internal::For *loop) override {
        IRVisitor::visit(loop);
        if (index.defined()) index = internal::substitute(loop->name, loop->min, index);
      }
      void visit(const internal::LetStmt *let) override {
        IRVisitor::visit(let);
        if (index.defined()) index = internal::substitute(let->name, let->value, index);
      }
      void visit(const internal::Load *load) override {
        if (load->name != buffer_ || index.defined()) return IRVisitor::visit(load);
        const auto *vector = load->index.as<internal::Ramp>();
        index = vector ? vector->base : load->index;
      }

    private:
      const std::string &buffer_;
    };
    first_load search(stream_.weights);
    op->accept(&search);
    return search.index;
  }

  point_stream stream_;
  const Halide::Internal::For *groups_ = nullptr;
};

} // namespace vggen
