// Registers of the threads of a device.
#pragma once

#include <Halide.h>

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace vggen {

/// A custom lowering pass. What a Func that is stored in registers has for a whole block of threads, each
/// thread is given by Halide 21: where the Func is computed outside of the loops over threads, all of the
/// block's values are allocated for each of them. Every thread reads and writes its own values only, so that
/// one share is enough: the pass takes the threads' indices out of what is read and written, and makes the
/// allocation as small as that. A thread that touched another's values would be an error of the schedule, and
/// throws.
class thread_registers : public Halide::Internal::IRMutator {
protected:
  using IRMutator::visit;

  Halide::Internal::Stmt visit(const Halide::Internal::Allocate *op) override {
    if (op->memory_type != Halide::MemoryType::Register || in_threads_) return IRMutator::visit(op);
    threads_of threads(op->name);
    op->body.accept(&threads);
    if (threads.extents.empty()) return IRMutator::visit(op);
    std::int64_t count = 1;
    for (const auto &[name, extent] : threads.extents)
      count *= extent;
    const std::int64_t size = op->constant_allocation_size();
    if (size <= 0 || size % count != 0)
      throw std::logic_error(op->name + ": " + std::to_string(size) + " values are no equal shares of " +
                             std::to_string(count) + " threads");
    own_index own(op->name, threads.extents, size / count);
    return Halide::Internal::Allocate::make(
        op->name, op->type, op->memory_type, {static_cast<int>(size / count)}, op->condition,
        mutate(own.mutate(op->body)), op->new_expr, op->free_function, op->padding);
  }

  Halide::Internal::Stmt visit(const Halide::Internal::For *op) override {
    const bool outer = in_threads_;
    in_threads_ = outer || op->for_type == Halide::Internal::ForType::GPUThread;
    auto result = IRMutator::visit(op);
    in_threads_ = outer;
    return result;
  }

private:
  using lets = std::vector<std::pair<std::string, Halide::Expr>>;

  static Halide::Expr without_lets(Halide::Expr e, const lets &outer) {
    for (auto let = outer.rbegin(); let != outer.rend(); ++let)
      e = Halide::Internal::substitute(let->first, let->second, e);
    return e;
  }

  // The loops over threads that a buffer's indices depend on, by name: their extents.
  class threads_of : public Halide::Internal::IRVisitor {
  public:
    explicit threads_of(std::string buffer) : buffer_(std::move(buffer)) {}

    std::map<std::string, std::int64_t> extents;

  protected:
    using IRVisitor::visit;

    void visit(const Halide::Internal::For *op) override {
      if (op->for_type == Halide::Internal::ForType::GPUThread) {
        const auto extent = Halide::Internal::as_const_int(op->extent);
        if (!extent) throw std::logic_error("the number of threads of " + op->name + " is not constant");
        auto &known = all_[op->name];
        if (known != 0 && known != *extent)
          throw std::logic_error(op->name + " has several numbers of threads");
        known = *extent;
      }
      IRVisitor::visit(op);
    }
    void visit(const Halide::Internal::LetStmt *op) override {
      lets_.emplace_back(op->name, op->value);
      IRVisitor::visit(op);
      lets_.pop_back();
    }
    void visit(const Halide::Internal::Let *op) override {
      lets_.emplace_back(op->name, op->value);
      IRVisitor::visit(op);
      lets_.pop_back();
    }
    void visit(const Halide::Internal::Load *op) override {
      if (op->name == buffer_) add(op->index);
      IRVisitor::visit(op);
    }
    void visit(const Halide::Internal::Store *op) override {
      if (op->name == buffer_) add(op->index);
      IRVisitor::visit(op);
    }

  private:
    void add(const Halide::Expr &index) {
      const Halide::Expr whole = without_lets(index, lets_);
      for (const auto &[name, extent] : all_)
        if (Halide::Internal::expr_uses_var(whole, name)) extents[name] = extent;
    }

    std::string buffer_;
    std::map<std::string, std::int64_t> all_;
    lets lets_;
  };

  // Takes the threads out of the indices of one buffer.
  class own_index : public Halide::Internal::IRMutator {
  public:
    own_index(std::string buffer, std::map<std::string, std::int64_t> threads, std::int64_t share)
        : buffer_(std::move(buffer)), threads_(std::move(threads)), share_(share) {}

  protected:
    using IRMutator::visit;

    Halide::Expr visit(const Halide::Internal::Load *op) override {
      if (op->name != buffer_) return IRMutator::visit(op);
      return Halide::Internal::Load::make(op->type, op->name, own(op->index), op->image, op->param,
                                          mutate(op->predicate), {});
    }
    Halide::Internal::Stmt visit(const Halide::Internal::Store *op) override {
      if (op->name != buffer_) return IRMutator::visit(op);
      return Halide::Internal::Store::make(op->name, mutate(op->value), own(op->index), op->param,
                                           mutate(op->predicate), {});
    }
    Halide::Internal::Stmt visit(const Halide::Internal::LetStmt *op) override {
      lets_.emplace_back(op->name, op->value);
      auto result = IRMutator::visit(op);
      lets_.pop_back();
      return result;
    }
    Halide::Expr visit(const Halide::Internal::Let *op) override {
      lets_.emplace_back(op->name, op->value);
      auto result = IRMutator::visit(op);
      lets_.pop_back();
      return result;
    }

  private:
    Halide::Expr own(Halide::Expr index) const {
      index = without_lets(index, lets_);
      std::map<std::string, Halide::Expr> first;
      for (const auto &[name, extent] : threads_)
        first[name] = 0;
      const Halide::Expr mine = Halide::Internal::simplify(Halide::Internal::substitute(first, index));
      // the threads' shares follow each other, in the order of their indices
      Halide::Expr before = 0;
      std::int64_t stride = share_;
      for (const auto &[name, extent] : threads_) {
        before += Halide::Internal::Variable::make(Halide::Int(32), name) * static_cast<int>(stride);
        stride *= extent;
      }
      if (index.type().is_vector()) before = Halide::Internal::Broadcast::make(before, index.type().lanes());
      if (!Halide::Internal::is_const_zero(Halide::Internal::simplify(index - before - mine)))
        throw std::logic_error(buffer_ + ": a thread uses the registers of another");
      return mine;
    }

    std::string buffer_;
    std::map<std::string, std::int64_t> threads_; // by name: .thread_id_x is before .thread_id_y
    std::int64_t share_;
    lets lets_;
  };

  bool in_threads_ = false;
};

} // namespace vggen
