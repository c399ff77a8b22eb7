// Reads from a lowered kernel how it will be launched on a device.
#pragma once

#include <Halide.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <vector>

namespace vggen {

/// Represents one launch of a kernel on a device.
struct device_launch {
  std::string function;          ///< its name in the device's code
  std::int64_t threads = 1;      ///< of a block
  std::int64_t shared_bytes = 0; ///< that the threads of a block share
};

/// The launches of the kernel that this process compiled last.
inline std::vector<device_launch> &measured_launches() {
  static std::vector<device_launch> launches;
  return launches;
}

/// A custom lowering pass that changes nothing and fills measured_launches().
class launch_meter : public Halide::Internal::IRMutator {
public:
  launch_meter() { measured_launches().clear(); }

protected:
  using IRMutator::visit;

  Halide::Internal::Stmt visit(const Halide::Internal::For *op) override {
    using Halide::Internal::ForType;
    const bool outer = in_launch_;
    if (op->for_type == ForType::GPUBlock && !outer) {
      in_launch_ = true;
      measured_launches().push_back({.function = function_of(op->name)});
    }
    const bool thread = op->for_type == ForType::GPUThread && in_launch_;
    if (thread) threads_ *= Halide::Internal::as_const_int(op->extent).value_or(0);
    if (thread) measured_launches().back().threads = std::max(measured_launches().back().threads, threads_);
    auto result = IRMutator::visit(op);
    if (thread) threads_ /= std::max<std::int64_t>(1, Halide::Internal::as_const_int(op->extent).value_or(1));
    in_launch_ = outer;
    return result;
  }

  Halide::Internal::Stmt visit(const Halide::Internal::Allocate *op) override {
    if (in_launch_ && op->memory_type == Halide::MemoryType::GPUShared)
      measured_launches().back().shared_bytes +=
          std::int64_t{op->constant_allocation_size()} * op->type.bytes();
    return IRMutator::visit(op);
  }

private:
  // As Halide names the function of a loop over blocks.
  static std::string function_of(const std::string &loop) {
    std::string name = "_kernel_";
    for (const char c : loop)
      name += c == '$' ? "__" : std::isalnum(static_cast<unsigned char>(c)) != 0 ? std::string(1, c) : "_";
    return name;
  }

  bool in_launch_ = false;
  std::int64_t threads_ = 1;
};

} // namespace vggen
