// vggen-tune: finds by measuring which schedules are the fastest for a model's kernels on a machine.
#include "tools/compiler/targets.hpp"
#include "tools/vggen-tune/comparison.hpp"
#include "tools/vggen-tune/process.hpp"
#include "tools/vggen-tune/tuner.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <iostream>
#include <map>
#include <regex>
#include <thread>

namespace fs = std::filesystem;
using namespace vggen;

namespace {

struct options {
  std::vector<fs::path> descriptions;
  fs::path output, cache, machine_program, compare;
  std::string target = "host", runner;
  int minutes = 60, compile_limit = 120, run_limit = 60;
  tune_settings tuning;
  trial_settings trials;
};

tuned_machine ask_machine(const options &o) {
  std::vector<std::string> command = o.trials.runner;
  command.push_back(fs::absolute(o.machine_program).string());
  command.push_back(std::to_string(o.trials.threads));
  const auto json = nlohmann::json::parse(run_program(command, o.trials.run_limit));
  return {.cpu = json.at("cpu"), .threads = o.trials.threads, .gflops = json.at("gflops")};
}

int run(options &o) {
  o.tuning.target = kernel_target(o.target);
  o.tuning.budget = std::chrono::minutes(o.minutes);
  o.trials.compile_limit = std::chrono::seconds(o.compile_limit);
  o.trials.run_limit = std::chrono::seconds(o.run_limit);
  o.trials.cache = o.cache;
  o.trials.folder = o.cache / "tuning";
  std::istringstream words(o.runner);
  for (std::string word; words >> word;)
    o.trials.runner.push_back(word);
  std::vector<description> models;
  models.reserve(o.descriptions.size());
  for (const fs::path &file : o.descriptions)
    models.push_back(read_description(file));
  fs::remove_all(o.trials.folder); // what an interrupted tuning left
  fs::create_directories(o.trials.folder);
  stop_programs_with_this_one();
  if (!o.compare.empty()) {
    compare_schedules(o.compare, o.tuning.target, o.trials, o.tuning.search.rounds);
    fs::remove_all(o.trials.folder);
    return 0;
  }
  if (fs::is_directory(o.output)) o.output /= tuned_file_name(o.tuning.target);
  const tuned_machine machine = ask_machine(o);
  tuned_file file(o.output, runtime_target(o.target).to_string(),
                  [](const std::string &why) { std::cerr << "note: " << why << '\n'; });
  const bool all = tune(models, file, machine, o.tuning, o.trials);
  fs::remove_all(o.trials.folder);
  if (!all) std::cout << "not all kernels were tuned; the same command goes on with the others\n";
  std::cout << o.output.string() << '\n';
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  options o;
  o.trials.threads = o.trials.jobs = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  CLI::App app{
      "Finds by measuring which schedules are the fastest for the kernels of models, and writes them\n"
      "to a schedule file. Interrupted, it goes on where it was. The machine should be idle.",
      "vggen-tune"};
  app.add_option("descriptions", o.descriptions, "what networks' describers printed (JSON)")->required();
  app.add_option("--output", o.output, "the schedule file to write, or a folder of them")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--cache", o.cache, "folder of kernels compiled before")->required();
  app.add_option("--target", o.target, target_help())->capture_default_str();
  app.add_option("--threads", o.trials.threads, "that kernels run on")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--minutes", o.minutes, "to stop after")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--compare", o.compare,
                 "time the entries of this schedule file beside each other, and write nothing");
  app.add_option("--only", o.tuning.only, "kernels whose text matches this regular expression");
  app.add_flag("--again", o.tuning.again, "also kernels that were tuned on this machine before");
  app.add_option("--accuracy", o.tuning.allowed,
                 "fast, or exact: no schedule that rounds more than plain sums do")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, accuracy>{{"exact", accuracy::exact}, {"fast", accuracy::fast}}))
      ->default_str("fast");
  app.add_option("--candidates", o.tuning.search.first,
                 "of a kernel, at first, beside each schedule's defaults")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--generations", o.tuning.search.generations, "of neighbours of the best one, at most")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--rounds", o.tuning.search.rounds, "in which the best candidates are compared")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--for-memory", o.tuning.search.for_memory,
                 "milliseconds that may be given up for each 100 MB less of packed weights")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_flag("--verbose", o.tuning.search.verbose,
               "a line for each candidate that was tried, and each that was compared");
  app.add_option("--seconds", o.trials.seconds, "of runs in one measurement")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--jobs", o.trials.jobs, "candidates compiled at the same time")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--compile-limit", o.compile_limit, "seconds to compile one candidate")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--run-limit", o.run_limit, "seconds for one measurement")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--runner", o.runner,
                 "a command that runs the program (and arguments) it is given on the machine to tune for");
  app.add_option("--linker", o.trials.linker, "C++ compiler that links for the target")
      ->capture_default_str();
  app.add_option("--link", o.trials.link_inputs,
                 "what a candidate is linked with: the timer, vggen's core, Halide's runtime")
      ->allow_extra_args(false)
      ->required();
  app.add_option("--machine", o.machine_program, "vggen-machine, for the target")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    return run(o);
  } catch (const std::regex_error &) {
    std::cerr << "error: --only: '" << o.tuning.only << "' is not a regular expression\n";
  } catch (const std::exception &e) {
    std::cerr << "error: " << e.what() << '\n';
  }
  return 1;
}
