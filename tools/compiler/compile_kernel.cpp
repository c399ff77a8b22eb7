#include "tools/compiler/compile_kernel.hpp"

#include "generators/device_launches.hpp"
#include "generators/operators.hpp"
#include "generators/scratch.hpp"
#include "generators/signature_parameters.hpp"
#include "tools/compiler/identities.hpp"

#include <nlohmann/json.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <dlfcn.h>
#include <unistd.h>

namespace vggen {

namespace fs = std::filesystem;

namespace {

std::string hash_of(const std::string &text) {
  const XXH128_hash_t h = XXH3_128bits(text.data(), text.size());
  std::array<char, 33> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx%016llx", static_cast<unsigned long long>(h.high64),
                static_cast<unsigned long long>(h.low64));
  return hex.data();
}

// Halide's own exceptions do not pass through its library everywhere; one of ours does.
struct throw_errors : Halide::CompileTimeErrorReporter {
  void warning(const char *) override {}
  void error(const char *message) override { throw std::runtime_error(message); }
};

const char *const halide_version = "halide-" HALIDE_VERSION_TEXT;

void finish(compile_job &job, const std::string &identity) {
  std::string all =
      job.generator + "\n" + job.target.to_string() + "\n" + halide_version + "\n" + identity + "\n";
  for (const auto &[name, value] : job.parameters)
    all += name + "=" + value + "\n";
  job.key = hash_of(all);
  job.symbol = "vggen_" + job.generator + "_" + job.key;
}

fs::path object_file(const compile_job &job, const fs::path &folder) { return folder / (job.key + ".o"); }
fs::path facts_file(const compile_job &job, const fs::path &folder) { return folder / (job.key + ".json"); }

} // namespace

compile_job job_of(const resolved_kernel &kernel, const Halide::Target &target) {
  compile_job job{.what = kernel.text,
                  .generator = generator_name(kernel.kernel),
                  .parameters = generator_values(kernel.kernel),
                  .autoscheduler = kernel.chosen.autoscheduler,
                  .key = {},
                  .symbol = {},
                  .target = target};
  job.parameters["schedule"] = kernel.chosen.name;
  const std::string prefix = job.autoscheduler.empty() ? "" : "autoscheduler.";
  for (const auto &[name, value] : kernel.parameters)
    job.parameters[prefix + name] = std::to_string(value);
  if (!job.autoscheduler.empty()) job.parameters["autoscheduler"] = job.autoscheduler;
  finish(job, identity_of(kernel.family) + identity_of(kernel.family + "." + kernel.chosen.name));
  return job;
}

compile_job pack_job_of(const resolved_kernel &kernel, const weight_layout &layout,
                        const Halide::Target &target) {
  const signature &s = kernel.kernel;
  std::map<std::string, std::string> parameters{{"channels", std::to_string(s.channels)},
                                                {"outputs", std::to_string(s.outputs)}};
  if (s.is_convolution())
    parameters.insert({{"filter_height", std::to_string(s.window_height())},
                       {"filter_width", std::to_string(s.window_width())},
                       {"backward_data", s.dir == direction::backward_data ? "true" : "false"},
                       {"panel", std::to_string(layout.panel)},
                       {"winograd", std::to_string(layout.winograd)},
                       {"window_inside", layout.window_inside ? "true" : "false"}});
  else
    parameters["lanes"] = std::to_string(layout.bf16_lanes);
  compile_job job{.what = "packing of " + kernel.text,
                  .generator = s.is_convolution() ? "pack_convolution" : "pack_fully_connected",
                  .parameters = std::move(parameters),
                  .autoscheduler = {},
                  .key = {},
                  .symbol = {},
                  .target = target};
  finish(job, identity_of(kernel.family));
  return job;
}

void compile(const compile_job &job, const fs::path &folder) {
  static throw_errors reporter;
  Halide::set_custom_compile_time_error_reporter(&reporter);
  if (!job.autoscheduler.empty()) {
    // the plugins lie beside libHalide; Mullapudi2016 is in libautoschedule_mullapudi2016.so
    Dl_info halide{};
    dladdr(reinterpret_cast<const void *>(&Halide::load_plugin), &halide);
    std::string name = job.autoscheduler;
    for (char &c : name)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const fs::path file = fs::path(halide.dli_fname).parent_path() / ("libautoschedule_" + name + ".so");
    if (!fs::exists(file)) throw std::runtime_error("the autoscheduler " + file.string() + " is missing");
    Halide::load_plugin(file.string());
  }
  const std::string partial = job.key + ".partial." + std::to_string(getpid());
  Halide::Internal::ExecuteGeneratorArgs args;
  args.output_dir = folder;
  args.output_types = {Halide::OutputFileType::object};
  args.targets = {job.target};
  args.generator_name = job.generator;
  args.function_name = job.symbol;
  args.file_base_name = partial;
  for (const auto &[name, value] : job.parameters)
    args.generator_params[name] = value;
  Halide::Internal::execute_generator(args);

  const fs::path object = folder / (partial + ".o");
  auto launches = nlohmann::json::array();
  for (const device_launch &launch : measured_launches())
    launches.push_back(
        {{"function", launch.function}, {"threads", launch.threads}, {"shared_bytes", launch.shared_bytes}});
  const scratch_size scratch = measured_scratch();
  const fs::path facts = folder / (partial + ".json");
  std::ofstream out(facts);
  out << nlohmann::json{{"kernel", job.what},
                        {"scratch_shared", scratch.shared},
                        {"scratch_per_task", scratch.per_task},
                        {"device_scratch", scratch.on_device},
                        {"device_launches", std::move(launches)},
                        {"object_bytes", fs::file_size(object)}};
  out.close();
  if (!out) throw std::runtime_error("cannot write " + facts.string());
  fs::rename(facts, facts_file(job, folder));
  fs::rename(object, object_file(job, folder)); // last: its presence says that all is there
}

bool is_compiled(const compile_job &job, const fs::path &folder) {
  return fs::exists(object_file(job, folder)) && fs::exists(facts_file(job, folder));
}

compiled_facts read_facts(const compile_job &job, const fs::path &folder) {
  std::ifstream in(facts_file(job, folder));
  const auto json = nlohmann::json::parse(in);
  return {.scratch_shared = json.at("scratch_shared"),
          .scratch_per_task = json.at("scratch_per_task"),
          .code_bytes = json.at("object_bytes"),
          .device_scratch = json.at("device_scratch")};
}

} // namespace vggen
