// vggen-compile: from a network's description to its kernels, ahead of time.
#include "header.hpp"

#include "tools/compiler/description.hpp"
#include "tools/compiler/planned_kernel.hpp"
#include "tools/compiler/schedule_database.hpp"
#include "tools/compiler/targets.hpp"
#include "tools/compiler/workers.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <set>
#include <thread>

namespace fs = std::filesystem;
using namespace vggen;

namespace {

struct options {
  fs::path description, header, library, cache, runtime, tuned;
  std::vector<fs::path> schedules;
  std::string target = "host";
  int jobs = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  int limit = 600;
  bool all_forms = false, devices = false;
  accuracy allowed = accuracy::fast;
};

// The distinct kernels of a model, in the order of first use.
std::vector<signature> kernels_of(const description &model, const schedule_database &database,
                                  bool all_forms) {
  std::vector<signature> kernels;
  const auto add = [&](const signature &s) {
    if (std::find(kernels.begin(), kernels.end(), s) == kernels.end()) kernels.push_back(s);
  };
  for (const auto &group : model.groups) {
    const bool split = !group.split.empty() && database.is_split(group.fused);
    if (!split) add(group.fused);
    if (split || all_forms)
      for (const auto &s : group.split)
        add(s);
  }
  return kernels;
}

// Compiles what is not in the cache. Prints a line for each. Returns whether all succeeded.
bool compile_missing(const std::vector<planned_kernel> &kernels, const options &o, const std::string &name) {
  std::vector<const compile_job *> missing;
  std::set<std::string> keys;
  std::size_t total = 0;
  for (const auto &k : kernels)
    for (const compile_job *job : {&k.job, k.pack ? &*k.pack : nullptr})
      if (job && keys.insert(job->key).second) {
        ++total;
        if (!is_compiled(*job, o.cache)) missing.push_back(job);
      }
  std::printf("%s: %zu kernels, %zu of %zu functions to compile\n", name.c_str(), kernels.size(),
              missing.size(), total);
  std::fflush(stdout);
  std::size_t finished = 0;
  return run_in_workers(
      missing.size(), o.jobs, std::chrono::seconds(o.limit), after_error::stop,
      [&](std::size_t i) { compile(*missing[i], o.cache); },
      [&](const task_result &r) {
        ++finished;
        if (r.error.empty())
          std::printf("[%zu/%zu] %s  %.1f s\n", finished, missing.size(), missing[r.task]->what.c_str(),
                      r.seconds);
        else
          std::fprintf(stderr, "error: %s: %s\n", missing[r.task]->what.c_str(), r.error.c_str());
        std::fflush(stdout);
      });
}

void write_library(const std::vector<planned_kernel> &kernels, const options &o,
                   const Halide::Target &target) {
  std::set<std::string> objects;
  for (const auto &k : kernels) {
    objects.insert((o.cache / (k.job.key + ".o")).string());
    if (k.pack) objects.insert((o.cache / (k.pack->key + ".o")).string());
  }
  fs::remove(o.library);
  Halide::create_static_library({objects.begin(), objects.end()}, target, o.library.string());
}

// The processors that the kernels' schedules were measured on, each once.
std::string tuned_for(const std::vector<planned_kernel> &kernels) {
  std::set<std::string> cpus;
  for (const planned_kernel &k : kernels)
    if (!k.kernel.tuned_on.empty()) cpus.insert(k.kernel.tuned_on);
  std::string all;
  for (const std::string &cpu : cpus)
    all += (all.empty() ? "" : ", ") + cpu;
  return all;
}

int compile_model(const options &o) {
  const description model = read_description(o.description);
  const Halide::Target target = kernel_target(o.target);
  schedule_database database(o.allowed, target.has_gpu_feature());
  for (const auto &file : o.schedules)
    database.add(file);
  if (!o.tuned.empty())
    for (const fs::path &tuned : tuned_files(o.tuned, target))
      database.add_tuned(tuned, [](const std::string &why) { std::printf("note: %s\n", why.c_str()); });
  fs::create_directories(o.cache);
  std::vector<planned_kernel> kernels;
  for (const signature &s : kernels_of(model, database, o.all_forms))
    kernels.push_back(plan_kernel(database.resolve(s, target), target));
  for (const planned_kernel &k : kernels)
    if (!k.kernel.left_out.empty())
      std::printf("note: %s is not exact; %s is taken\n", k.kernel.left_out.c_str(),
                  k.kernel.chosen.name.c_str());
  if (!compile_missing(kernels, o, model.name)) return 1;
  write_library(kernels, o, target);
  write_header(o.header, model, target, kernels, o.cache, tuned_for(kernels));
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  options o;
  CLI::App app{"Compiles the kernels of a network into a static library and a header.", "vggen-compile"};
  app.add_option("description", o.description, "what the network's describer printed (JSON)");
  app.add_option("--header", o.header, "the header to write");
  app.add_option("--library", o.library, "the static library to write");
  app.add_option("--cache", o.cache, "folder of kernels compiled before");
  app.add_option("--schedules", o.schedules, "files that choose schedules; later ones win");
  app.add_option("--tuned", o.tuned,
                 "folder of tuned schedules, for kernels that no file of --schedules names")
      ->check(CLI::ExistingDirectory);
  app.add_option("--target", o.target, target_help())->capture_default_str();
  app.add_option("--accuracy", o.allowed, "fast, or exact: no schedule that rounds more than plain sums do")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, accuracy>{{"exact", accuracy::exact}, {"fast", accuracy::fast}}))
      ->default_str("fast");
  app.add_option("--jobs", o.jobs, "kernels compiled at the same time")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--limit", o.limit, "seconds that one kernel may take")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_flag("--all-forms", o.all_forms,
               "compile fused groups of layers also as single layers (to look at features)");
  app.add_option("--runtime", o.runtime,
                 "write Halide's runtime for the target to this library, and nothing else");
  app.add_flag("--devices", o.devices, "with --runtime: for every kind of device instead of for the target");
  CLI11_PARSE(app, argc, argv);
  try {
    if (!o.runtime.empty()) {
      Halide::compile_standalone_runtime({{Halide::OutputFileType::static_library, o.runtime.string()}},
                                         o.devices ? devices_runtime_target() : runtime_target(o.target));
      return 0;
    }
    if (o.description.empty() || o.header.empty() || o.library.empty() || o.cache.empty())
      throw std::invalid_argument("needs a description, --header, --library and --cache (see --help)");
    return compile_model(o);
  } catch (const std::exception &e) {
    std::cerr << "error: " << e.what() << '\n';
    return 1;
  }
}
