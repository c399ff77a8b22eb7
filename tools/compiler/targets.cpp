#include "tools/compiler/targets.hpp"

#include "schedules/machine.hpp"

#include <map>
#include <stdexcept>

namespace vggen {

namespace {

const std::map<std::string, std::string> short_names{
    {"avx512", "x86-64-linux-avx-avx2-avx512-avx512_skylake-f16c-fma-sse41"},
    {"avx2", "x86-64-linux-avx-avx2-f16c-fma-sse41"},
    {"sse41", "x86-64-linux-sse41"},
    {"neon", "arm-64-linux"},
};

Halide::Target parse(const std::string &name) {
  const auto found = short_names.find(name);
  const std::string text = found == short_names.end() ? name : found->second;
  if (!Halide::Target::validate_target_string(text))
    throw std::invalid_argument("there is no target '" + name + "'; " + target_help());
  return text == "host" ? Halide::get_host_target() : Halide::Target(text);
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

std::string tuned_file_name(const Halide::Target &target) {
  const auto has = [&](Halide::Target::Feature feature) { return target.has_feature(feature); };
  if (target.arch == Halide::Target::ARM) return target.bits == 64 ? "arm-64.json" : "arm-32.json";
  if (target.arch != Halide::Target::X86) return "other.json";
  if (machine_of(target).lanes == 16) return "x86-64-avx512.json";
  if (has(Halide::Target::AVX2) && has(Halide::Target::FMA)) return "x86-64-avx2.json";
  return has(Halide::Target::SSE41) ? "x86-64-sse41.json" : "x86-64.json";
}

} // namespace vggen
