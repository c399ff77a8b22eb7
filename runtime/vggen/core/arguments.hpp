// The arguments of one call of a kernel, in order.
#pragma once

#include "vggen/core/buffers.hpp"
#include "vggen/core/execution.hpp"
#include "vggen/core/kernel.hpp"

#include <array>
#include <cstddef>
#include <type_traits>

namespace vggen::detail {

/// Represents pointers to arguments, which must live until the call. On a device, buffers get their places
/// there.
class argument_list {
public:
  explicit argument_list(void *&user_context) noexcept
      : user_context_(user_context), memory_(device_memory_of(user_context)) {
    add(user_context);
  }
  template <class T> argument_list &add(T &value) noexcept {
    if constexpr (std::is_same_v<T, buffer>) {
      if (memory_ && error_ == 0) error_ = memory_->bind(user_context_, value.header);
      items_[count_++] = &value.header;
    } else {
      items_[count_++] = const_cast<void *>(static_cast<const void *>(&value));
    }
    return *this;
  }
  /// The kernel's code, or that of a buffer that has no place.
  int run(const compiled_kernel &kernel) noexcept {
    if (!memory_) return kernel.run(items_.data());
    return error_ != 0 ? error_ : run_on_device(kernel);
  }
  int pack(const compiled_kernel &kernel) noexcept {
    return error_ != 0 ? error_ : kernel.pack(items_.data());
  }

private:
  int run_on_device(const compiled_kernel &kernel) noexcept;

  std::array<void *, 22> items_{};
  std::size_t count_ = 0;
  void *user_context_;
  device_memory *memory_; ///< null: the processor's own
  int error_ = 0;
};

} // namespace vggen::detail
