#include "tools/compiler/targets.hpp"

#include "schedules/machine.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

namespace vggen {

namespace {

const std::map<std::string, std::string> short_names{
    {"avx512", "x86-64-linux-avx-avx2-avx512-avx512_skylake-f16c-fma-sse41"},
    {"avx2", "x86-64-linux-avx-avx2-f16c-fma-sse41"},
    {"sse41", "x86-64-linux-sse41"},
    {"neon", "arm-64-linux"},
    {"cuda", "host-cuda-cuda_capability_80"},
    {"opencl", "host-opencl"},
    {"vulkan", "host-vulkan-vk_int8-vk_int16-vk_int64-vk_v13"},
};

Halide::Target parse(const std::string &name) {
  const auto found = short_names.find(name);
  const std::string text = found == short_names.end() ? name : found->second;
  if (!Halide::Target::validate_target_string(text))
    throw std::invalid_argument("there is no target '" + name + "'; " + target_help());
  return text == "host" ? Halide::get_host_target() : Halide::Target(text);
}

// "x86-64-avx512", "gpu-cuda": what instructions a target's kernels are made of. None is the beginning of
// another.
std::string vector_unit(const Halide::Target &target) {
  if (target.has_gpu_feature()) return "gpu-" + device_of(target);
  const auto has = [&](Halide::Target::Feature feature) { return target.has_feature(feature); };
  if (target.arch == Halide::Target::ARM) return target.bits == 64 ? "arm-64" : "arm-32";
  if (target.arch != Halide::Target::X86) return "other";
  if (machine_of(target).lanes == 16) return "x86-64-avx512";
  if (has(Halide::Target::AVX2) && has(Halide::Target::FMA)) return "x86-64-avx2";
  return has(Halide::Target::SSE41) ? "x86-64-sse41" : "x86-64-sse2";
}

// Processors with the same vectors whose caches and rates differ, as far as a target tells them apart.
std::string processor_suffix(const Halide::Target &target) {
  if (target.has_gpu_feature()) return "";
  for (const auto &[feature, suffix] : {std::pair{Halide::Target::AVX512_Zen5, "-zen5"},
                                        {Halide::Target::AVX512_Zen4, "-zen4"},
                                        {Halide::Target::AVX512_SapphireRapids, "-sapphirerapids"}})
    if (target.has_feature(feature)) return suffix;
  return "";
}

} // namespace

std::string target_help() {
  std::string help = "known are host";
  for (const auto &[name, text] : short_names)
    help += ", " + name;
  return help + ", and Halide's target strings";
}

Halide::Target kernel_target(const std::string &name) {
  return parse(name)
      .with_feature(Halide::Target::NoRuntime)
      .with_feature(Halide::Target::UserContext)
      .with_feature(Halide::Target::NoBoundsQuery);
}

Halide::Target runtime_target(const std::string &name) { return parse(name); }

Halide::Target devices_runtime_target() {
  Halide::Target target = Halide::get_host_target();
  for (const char *name : {"cuda", "opencl", "vulkan"})
    for (int f = 0; f < static_cast<int>(Halide::Target::FeatureEnd); ++f)
      if (parse(name).has_feature(static_cast<Halide::Target::Feature>(f)))
        target.set_feature(static_cast<Halide::Target::Feature>(f));
  return target;
}

std::string device_of(const Halide::Target &target) {
  if (!target.has_gpu_feature()) return "cpu";
  for (const auto &[feature, name] : {std::pair{Halide::Target::CUDA, "cuda"},
                                      {Halide::Target::OpenCL, "opencl"},
                                      {Halide::Target::Vulkan, "vulkan"}})
    if (target.has_feature(feature)) return name;
  throw std::invalid_argument("the target " + target.to_string() +
                              " is for devices that vggen does not know");
}

std::string tuned_file_name(const Halide::Target &target) {
  return vector_unit(target) + processor_suffix(target) + ".json";
}

std::vector<std::filesystem::path> tuned_files(const std::filesystem::path &folder,
                                               const Halide::Target &target) {
  const std::string own = tuned_file_name(target), unit = vector_unit(target);
  std::vector<std::filesystem::path> files;
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name == unit + ".json" || (name.starts_with(unit + "-") && name.ends_with(".json")))
      files.push_back(entry.path());
  }
  std::ranges::sort(
      files, {}, [&](const std::filesystem::path &file) { return std::pair{file.filename() != own, file}; });
  return files;
}

} // namespace vggen
