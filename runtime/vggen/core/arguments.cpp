#include "vggen/core/arguments.hpp"

#include <tuple>

namespace vggen::detail {

// With the kernel's scratch buffers behind its arguments.
int argument_list::run_on_device(const compiled_kernel &kernel) noexcept {
  constexpr std::size_t most = std::tuple_size_v<decltype(compiled_kernel::device_scratch)>;
  std::array<std::array<halide_dimension_t, 4>, most> dimensions;
  std::array<halide_buffer_t, most> buffers{};
  std::byte *free = memory_->scratch();
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const device_scratch_buffer &wanted = kernel.device_scratch[i];
    if (wanted.dimensions == 0) break;
    halide_buffer_t &scratch = buffers[i];
    scratch.host = reinterpret_cast<std::uint8_t *>(free);
    scratch.type = f32;
    scratch.dimensions = wanted.dimensions;
    scratch.dim = dimensions[i].data();
    int stride = 1;
    for (std::size_t d = 0; d < static_cast<std::size_t>(wanted.dimensions); ++d) {
      dimensions[i][d] = halide_dimension_t(0, wanted.extents[d], stride);
      stride *= wanted.extents[d];
    }
    if (const int error = memory_->bind(user_context_, scratch); error != 0) return error;
    items_[count_++] = &scratch;
    free += device_scratch_bytes(wanted);
  }
  return kernel.run(items_.data());
}

} // namespace vggen::detail
