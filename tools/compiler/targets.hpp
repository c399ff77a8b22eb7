// The machines that kernels are compiled for.
#pragma once

#include <Halide.h>

#include <filesystem>
#include <string>
#include <vector>

namespace vggen {

/// The names that kernel_target() takes, for a help text.
std::string target_help();

/// The target called `name` (host, avx512, avx2, sse41, neon, or any Halide target string), for kernels:
/// without a runtime, with a user context. Throws std::invalid_argument.
Halide::Target kernel_target(const std::string &name);

/// The interface to a device that a target's kernels use: cpu, cuda, opencl or vulkan.
std::string device_of(const Halide::Target &target);

/// The same target, for Halide's runtime.
Halide::Target runtime_target(const std::string &name);

/// The target of a runtime that reaches every kind of device from this machine.
Halide::Target devices_runtime_target();

/// The name of the file of tuned schedules for a target: it goes by the vector unit and, where the target
/// says it, by the processor, "x86-64-avx512-zen4.json".
std::string tuned_file_name(const Halide::Target &target);

/// The files of tuned schedules in a folder that are of use for a target: its own, then by name those for
/// other processors with its vector unit. Throws std::filesystem::filesystem_error.
std::vector<std::filesystem::path> tuned_files(const std::filesystem::path &folder,
                                               const Halide::Target &target);

} // namespace vggen
