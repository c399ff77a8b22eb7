// Prefetching that reads what it is asked to.
#pragma once

#include <Halide.h>

#include <algorithm>
#include <cstdint>
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

/// Where a prefetched line is to be found afterwards, as LLVM's prefetch counts. `past_caches` is in the
/// first cache too, but leaves no trace in the others when it has to make room. On processors of Intel's it
/// is then read from memory again: of weights that are larger than the first cache, everything twice.
enum class cache_level { past_caches = 0, second = 2, first = 3 };

namespace detail {

// Where an iteration of a loop reads a buffer, loops inside it being in their first: the indices of scalars
// and of vectors' first elements, each once.
class loads_of : public Halide::Internal::IRVisitor {
public:
  loads_of(const Halide::Internal::For *loop, const std::string &buffer) : buffer_(buffer) {
    loop->body.accept(this);
  }
  std::vector<Halide::Expr> indices;

protected:
  using IRVisitor::visit;

  void visit(const Halide::Internal::For *loop) override { replace_inside(loop, loop->min); }
  void visit(const Halide::Internal::LetStmt *let) override { replace_inside(let, let->value); }
  void visit(const Halide::Internal::Load *load) override {
    IRVisitor::visit(load);
    if (load->name != buffer_) return;
    const auto *vector = load->index.as<Halide::Internal::Ramp>();
    const Halide::Expr index = vector ? vector->base : load->index;
    const auto same = [&](const Halide::Expr &other) { return Halide::Internal::equal(other, index); };
    if (std::ranges::none_of(indices, same)) indices.push_back(index);
  }

private:
  template <class Node> void replace_inside(const Node *node, const Halide::Expr &value) {
    const std::size_t before = indices.size();
    IRVisitor::visit(node);
    for (std::size_t i = before; i < indices.size(); ++i)
      indices[i] = Halide::Internal::substitute(node->name, value, indices[i]);
  }

  const std::string &buffer_;
};

inline constexpr int line_floats = 16;

// The call is LLVM's own, which Halide's module declares for Halide's prefetch: that one has no level.
inline Halide::Internal::Stmt prefetch(const std::string &buffer, const Halide::Expr &index,
                                       cache_level into) {
  namespace internal = Halide::Internal;
  constexpr int reading = 0, data = 1;
  const auto begin = Halide::reinterpret<std::uint64_t>(internal::Variable::make(Halide::Handle(), buffer));
  const auto offset = Halide::cast<std::uint64_t>(Halide::cast<std::int64_t>(index) * 4);
  const std::vector<Halide::Expr> arguments{Halide::reinterpret(Halide::Handle(), begin + offset), reading,
                                            static_cast<int>(into), data};
  return internal::Evaluate::make(
      internal::Call::make(Halide::Int(32), "llvm.prefetch.p0", arguments, internal::Call::Extern));
}

// The loop, with something done first in each iteration.
inline Halide::Internal::Stmt with_first(const Halide::Internal::For *loop,
                                         const std::vector<Halide::Internal::Stmt> &statements) {
  Halide::Internal::Stmt body = loop->body;
  for (const auto &statement : statements)
    body = Halide::Internal::Block::make(statement, body);
  return Halide::Internal::For::make(loop->name, loop->min, loop->extent, loop->for_type,
                                     loop->partition_policy, loop->device_api, body);
}

} // namespace detail

/// In each iteration of a loop, what lies so many floats behind that which it reads of a buffer.
struct lines_ahead {
  int floats = 0; ///< 0: nothing is prefetched
  std::string buffer, loop;
  cache_level into = cache_level::first;
};

/// A custom lowering pass that prefetches so.
class prefetch_lines_ahead : public Halide::Internal::IRMutator {
public:
  explicit prefetch_lines_ahead(lines_ahead wanted) : wanted_(std::move(wanted)) {}

protected:
  using IRMutator::visit;

  Halide::Internal::Stmt visit(const Halide::Internal::For *op) override {
    if (wanted_.floats == 0 || op->name != wanted_.loop) return IRMutator::visit(op);
    std::vector<Halide::Internal::Stmt> prefetches;
    for (const auto &index : detail::loads_of(op, wanted_.buffer).indices)
      prefetches.push_back(detail::prefetch(wanted_.buffer, index + wanted_.floats, wanted_.into));
    return detail::with_first(op, prefetches);
  }

private:
  lines_ahead wanted_;
};

/// While two loops pass over a block of a buffer, the next block, which lies behind it: all its lines,
/// evenly. Otherwise the first iteration of the outer loop would wait for all of them, and the memory for the
/// others.
struct block_ahead {
  int floats = 0; ///< of a block; 0: nothing is prefetched
  std::string buffer, loop, outer_loop;
  int outer = 1; ///< iterations of the outer loop, at most
  cache_level into = cache_level::second;
};

/// A custom lowering pass that prefetches so.
class prefetch_block_ahead : public Halide::Internal::IRMutator {
public:
  explicit prefetch_block_ahead(block_ahead wanted) : wanted_(std::move(wanted)) {}

protected:
  using IRMutator::visit;

  Halide::Internal::Stmt visit(const Halide::Internal::For *op) override {
    namespace internal = Halide::Internal;
    if (wanted_.floats == 0) return op;
    if (op->name == wanted_.outer_loop) {
      outer_ = op;
      auto result = IRMutator::visit(op);
      outer_ = nullptr;
      return result;
    }
    if (!outer_ || op->name != wanted_.loop) return IRMutator::visit(op);
    const auto extent = internal::as_const_int(op->extent);
    const auto loads = detail::loads_of(op, wanted_.buffer).indices;
    if (!extent || loads.empty())
      throw std::logic_error("the loop over a block reads nothing of it, or has no constant extent");
    const auto count = [](const internal::For *loop) {
      return internal::Variable::make(Halide::Int(32), loop->name) - loop->min;
    };
    const int lines = wanted_.floats / detail::line_floats, steps = static_cast<int>(*extent * wanted_.outer);
    const int in_step = (lines + steps - 1) / steps;
    const Halide::Expr first = internal::substitute(op->name, op->min, loads.front()) + wanted_.floats;
    const Halide::Expr line = (count(outer_) * op->extent + count(op)) * in_step;
    std::vector<internal::Stmt> prefetches;
    prefetches.reserve(static_cast<std::size_t>(in_step));
    for (int i = 0; i < in_step; ++i)
      prefetches.push_back(detail::prefetch(
          wanted_.buffer, first + Halide::min(line + i, lines - 1) * detail::line_floats, wanted_.into));
    return detail::with_first(op, prefetches);
  }

private:
  block_ahead wanted_;
  const Halide::Internal::For *outer_ = nullptr;
};

} // namespace vggen
