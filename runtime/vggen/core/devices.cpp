#include "vggen/core/devices.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include <dlfcn.h>

extern "C" {
// of Halide's runtime for devices, if the program has it
__attribute__((weak)) void halide_set_gpu_device(int device);
__attribute__((weak)) void halide_opencl_set_platform_name(const char *name);
}

namespace vggen {

namespace {

// A driver's library, opened for as long as the process lives: drivers do not like to be unloaded.
class driver {
public:
  explicit driver(const char *file) noexcept : library_(dlopen(file, RTLD_NOW | RTLD_LOCAL)) {}

  [[nodiscard]] bool loaded() const noexcept { return library_ != nullptr; }
  template <class Function> [[nodiscard]] Function *function(const char *name) const noexcept {
    static_assert(std::is_function_v<Function>);
    return reinterpret_cast<Function *>(dlsym(library_, name));
  }

private:
  void *library_;
};

template <std::size_t N, class... Arguments>
void print(std::array<char, N> &text, const char *format, Arguments... arguments) noexcept {
  std::snprintf(text.data(), N, format, arguments...);
}

class device_search {
public:
  explicit device_search(device_list &list) noexcept : list_(list) {}

  void look_for_cuda() noexcept {
    auto &reason = reason_of(device_api::cuda);
    const driver cuda("libcuda.so.1");
    if (!cuda.loaded()) {
      print(reason, "there is no NVIDIA driver (libcuda.so.1 cannot be loaded)");
      return;
    }
    auto *const init = cuda.function<int(unsigned)>("cuInit");
    auto *const get_count = cuda.function<int(int *)>("cuDeviceGetCount");
    auto *const get_name = cuda.function<int(char *, int, int)>("cuDeviceGetName");
    int count = 0, error = init && get_count && get_name ? init(0) : -1;
    if (error == 0) error = get_count(&count);
    if (error != 0)
      print(reason, "the NVIDIA driver says CUDA error %d", error);
    else if (count == 0)
      print(reason, "the NVIDIA driver has no device");
    for (int i = 0; i < count; ++i)
      if (device_info *const device = add(device_api::cuda, i)) {
        get_name(device->name.data(), static_cast<int>(device->name.size()), i);
        device->is_gpu = true;
      }
  }

  void look_for_opencl() noexcept {
    using platform = void *;
    using device_id = void *;
    constexpr std::uint64_t all_types = 0xffffffff, gpu_type = 4;
    constexpr unsigned device_name = 0x102b, device_type = 0x1000;
    auto &reason = reason_of(device_api::opencl);
    const driver opencl("libOpenCL.so.1");
    if (!opencl.loaded()) {
      print(reason, "there is no OpenCL (libOpenCL.so.1 cannot be loaded; Debian: ocl-icd-libopencl1)");
      return;
    }
    auto *const get_platforms = opencl.function<int(unsigned, platform *, unsigned *)>("clGetPlatformIDs");
    auto *const get_devices =
        opencl.function<int(platform, std::uint64_t, unsigned, device_id *, unsigned *)>("clGetDeviceIDs");
    auto *const get_info =
        opencl.function<int(device_id, unsigned, std::size_t, void *, std::size_t *)>("clGetDeviceInfo");
    std::array<platform, 8> platforms{};
    unsigned count = 0;
    const int error = get_platforms && get_devices && get_info
                          ? get_platforms(static_cast<unsigned>(platforms.size()), platforms.data(), &count)
                          : -1;
    int found = 0;
    for (std::size_t p = 0; error == 0 && p < count && p < platforms.size(); ++p) {
      std::array<device_id, 8> devices{};
      unsigned of_platform = 0;
      if (get_devices(platforms[p], all_types, static_cast<unsigned>(devices.size()), devices.data(),
                      &of_platform) != 0)
        continue;
      for (std::size_t d = 0; d < of_platform && d < devices.size(); ++d)
        if (device_info *const device = add(device_api::opencl, found++)) {
          std::uint64_t type = 0;
          get_info(devices[d], device_name, device->name.size(), device->name.data(), nullptr);
          get_info(devices[d], device_type, sizeof type, &type, nullptr);
          device->is_gpu = (type & gpu_type) != 0;
        }
    }
    if (found == 0)
      print(reason,
            "no OpenCL driver has a device (error %d; Debian's pocl-opencl-icd runs on the processor)",
            error);
  }

  void look_for_vulkan() noexcept {
    struct application_info {
      int type = 0;
      const void *next = nullptr;
      const char *name = "vggen";
      std::uint32_t version = 0;
      const char *engine = nullptr;
      std::uint32_t engine_version = 0, api_version = 1u << 22 | 3u << 12; // 1.3
    } application;
    struct instance_info {
      int type = 1;
      const void *next = nullptr;
      std::uint32_t flags = 0;
      const void *application = nullptr;
      std::uint32_t layers = 0;
      const char *const *layer_names = nullptr;
      std::uint32_t extensions = 0;
      const char *const *extension_names = nullptr;
    } info;
    struct properties {
      std::uint32_t api, driver, vendor, device;
      int type;
      char name[256];
      std::byte rest[4096];
    };
    constexpr int integrated_gpu = 1, virtual_gpu = 3;
    info.application = &application;
    auto &reason = reason_of(device_api::vulkan);
    const driver vulkan("libvulkan.so.1");
    if (!vulkan.loaded()) {
      print(reason, "there is no Vulkan (libvulkan.so.1 cannot be loaded; Debian: libvulkan1)");
      return;
    }
    auto *const create =
        vulkan.function<int(const instance_info *, const void *, void **)>("vkCreateInstance");
    auto *const destroy = vulkan.function<void(void *, const void *)>("vkDestroyInstance");
    auto *const enumerate =
        vulkan.function<int(void *, std::uint32_t *, void **)>("vkEnumeratePhysicalDevices");
    auto *const get_properties = vulkan.function<void(void *, properties *)>("vkGetPhysicalDeviceProperties");
    void *instance = nullptr;
    const int error =
        create && destroy && enumerate && get_properties ? create(&info, nullptr, &instance) : -1;
    std::array<void *, 8> devices{};
    auto count = static_cast<std::uint32_t>(devices.size());
    if (error != 0 || enumerate(instance, &count, devices.data()) < 0) count = 0;
    for (std::uint32_t i = 0; i < count; ++i)
      if (device_info *const device = add(device_api::vulkan, static_cast<int>(i))) {
        properties p{};
        get_properties(devices[i], &p);
        print(device->name, "%.100s", p.name);
        device->is_gpu = p.type >= integrated_gpu && p.type <= virtual_gpu;
      }
    if (count == 0)
      print(reason,
            "no Vulkan driver has a device (error %d; Debian's mesa-vulkan-drivers run on the processor)",
            error);
    if (instance) destroy(instance, nullptr);
  }

private:
  std::array<char, 160> &reason_of(device_api api) noexcept {
    return list_.reasons[static_cast<std::size_t>(api)];
  }
  device_info *add(device_api api, int index) noexcept {
    if (list_.count == list_.items.size()) return nullptr;
    device_info &device = list_.items[list_.count++];
    device.api = api;
    device.index = index;
    return &device;
  }

  device_list &list_;
};

// Halide knows a device of OpenCL by its platform's name and its index there.
bool choose_opencl(int index) noexcept {
  using platform = void *;
  constexpr unsigned platform_name = 0x0902;
  static std::array<char, 128> name{}; // Halide copies it when it is first used, which may be later
  const driver opencl("libOpenCL.so.1");
  auto *const get_platforms = opencl.function<int(unsigned, platform *, unsigned *)>("clGetPlatformIDs");
  auto *const get_devices =
      opencl.function<int(platform, std::uint64_t, unsigned, void **, unsigned *)>("clGetDeviceIDs");
  auto *const get_info =
      opencl.function<int(platform, unsigned, std::size_t, void *, std::size_t *)>("clGetPlatformInfo");
  std::array<platform, 8> platforms{};
  unsigned count = 0;
  if (!get_platforms || !get_devices || !get_info ||
      get_platforms(static_cast<unsigned>(platforms.size()), platforms.data(), &count) != 0)
    return false;
  for (std::size_t p = 0; p < count && p < platforms.size(); ++p) {
    unsigned devices = 0;
    if (get_devices(platforms[p], 0xffffffff, 0, nullptr, &devices) != 0) continue;
    if (index < static_cast<int>(devices)) {
      if (get_info(platforms[p], platform_name, name.size(), name.data(), nullptr) != 0) return false;
      halide_opencl_set_platform_name(name.data());
      halide_set_gpu_device(index);
      return true;
    }
    index -= static_cast<int>(devices);
  }
  return false;
}

} // namespace

device_list list_devices() noexcept {
  device_list list;
  device_search search(list);
  search.look_for_cuda();
  search.look_for_opencl();
  search.look_for_vulkan();
  return list;
}

status choose_device(device_api api, int index, std::span<char> message) noexcept {
  const auto say = [&](const char *format, auto... arguments) {
    if (!message.empty()) std::snprintf(message.data(), message.size(), format, arguments...);
    return status::no_device;
  };
  if (api == device_api::cpu) return status::ok;
  const char *const name = name_of(api).data();
  if (!halide_set_gpu_device)
    return say("%s: the program is not linked with Halide's runtime for devices", name);
  const device_list list = list_devices();
  int count = 0, first_gpu = -1;
  for (const device_info &device : list.devices()) {
    if (device.api != api) continue;
    if (device.is_gpu && first_gpu < 0) first_gpu = device.index;
    ++count;
  }
  if (count == 0) return say("%s: %s", name, list.why_none(api));
  if (index >= count)
    return say("%s:%d: there %s %d device%s, counted from 0 (--list-devices shows them)", name, index,
               count == 1 ? "is" : "are", count, count == 1 ? "" : "s");
  if (index < 0) index = first_gpu < 0 ? 0 : first_gpu;
  configure_devices();
  if (api == device_api::opencl)
    return choose_opencl(index) ? status::ok : say("%s:%d: the driver does not name it", name, index);
  halide_set_gpu_device(index);
  return status::ok;
}

void configure_devices() noexcept {
  // Halide's CUDA runtime lets the driver use 64 registers in a thread unless it is told otherwise; the sums
  // of vggen's kernels alone take that many.
  setenv("HL_CUDA_JIT_MAX_REGISTERS", "128", 0);
  // Halide's allocator for Vulkan rounds sizes down to what suits the device, also those of a kernel's
  // arguments, unless it is told to take whole units (MiB of a block at least, and bytes of a unit).
  setenv("HL_VK_ALLOC_CONFIG", "0:32:0:0:256", 0);
}

} // namespace vggen
