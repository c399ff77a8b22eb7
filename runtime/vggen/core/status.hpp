// What core functions return: they throw nothing and print nothing.
#pragma once

#include <cstdint>
#include <string_view>

namespace vggen {

enum class [[nodiscard]] status : std::uint8_t {
  ok,
  invalid_argument,   ///< the call asks for what the model does not have
  out_of_memory,      ///< memory or threads could not be had, or what the caller provides is too small
  not_ready,          ///< the context or the weights have not been prepared
  no_device,          ///< the device that the kernels are for cannot be had; the context's message says why
  unsupported_target, ///< the kernels are for a machine with instructions that this one does not have
  kernel_failed,      ///< a kernel reported an error; the context's message has its words
};

constexpr std::string_view name_of(status s) {
  switch (s) {
  case status::ok:
    return "ok";
  case status::invalid_argument:
    return "invalid argument";
  case status::out_of_memory:
    return "out of memory";
  case status::not_ready:
    return "not ready";
  case status::no_device:
    return "no device";
  case status::unsupported_target:
    return "unsupported target";
  case status::kernel_failed:
    break;
  }
  return "kernel failed";
}

} // namespace vggen
