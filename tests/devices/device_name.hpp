// The device that a program of tests runs on.
#pragma once

#include <vggen/core/devices.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <string>

namespace vggen::test {

/// Chooses the first device of an interface and prints its name. A machine without one fails the test:
/// drivers that run on the processor are part of the set-up.
inline void require_device(device_api api) {
  std::array<char, 256> message{};
  INFO(std::string(name_of(api)));
  const status chosen = choose_device(api, -1, message);
  INFO(message.data());
  REQUIRE(chosen == status::ok);
  for (const device_info &device : list_devices().devices())
    if (device.api == api) {
      std::printf("%s:%d: %s\n", name_of(api).data(), device.index, device.name.data());
      return;
    }
  FAIL("the chosen device is not listed");
}

} // namespace vggen::test
