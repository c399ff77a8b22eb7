#include "tools/vggen-tune/trial.hpp"

#include "tools/compiler/workers.hpp"
#include "tools/vggen-tune/process.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>

namespace vggen {

namespace fs = std::filesystem;

namespace {

fs::path program_of(const candidate &c, const trial_settings &settings) {
  return settings.folder / (c.planned.job.key + ".run");
}

void compile_and_link(const candidate &c, const trial_settings &settings) {
  std::vector<std::string> command{settings.linker};
  const auto add = [&](const compile_job &job, const std::string &name) {
    if (!is_compiled(job, settings.cache)) compile(job, settings.cache);
    command.push_back((settings.cache / (job.key + ".o")).string());
    command.push_back("-Wl,--defsym," + name + "=" + job.symbol + "_argv");
  };
  add(c.planned.job, "vggen_candidate_run");
  if (c.planned.pack) add(*c.planned.pack, "vggen_candidate_pack");
  const fs::path partial = settings.folder / (c.planned.job.key + ".partial");
  command.insert(command.end(), settings.link_inputs.begin(), settings.link_inputs.end());
  for (const char *word : {"-pthread", "-ldl", "-lm", "-o"})
    command.emplace_back(word);
  command.push_back(partial.string());
  run_program(command, settings.compile_limit);
  fs::rename(partial, program_of(c, settings));
}

} // namespace

void build(std::vector<candidate *> candidates, const trial_settings &settings) {
  std::erase_if(candidates, [&](const candidate *c) {
    return !c->failure.empty() || fs::exists(program_of(*c, settings));
  });
  run_in_workers(
      candidates.size(), settings.jobs, settings.compile_limit, after_error::go_on,
      [&](std::size_t i) { compile_and_link(*candidates[i], settings); },
      [&](const task_result &r) {
        candidates[r.task]->failure = r.error;
        candidates[r.task]->seconds = r.seconds;
      });
}

measurement measure(const candidate &c, const trial_settings &settings, bool check) {
  const compiled_facts facts = read_facts(c.planned.job, settings.cache);
  std::vector<std::string> command = settings.runner;
  for (const std::string &word : {program_of(c, settings).string(), c.planned.kernel.text,
                                  std::to_string(c.planned.packed_size), std::to_string(facts.scratch_shared),
                                  std::to_string(facts.scratch_per_task), std::to_string(settings.threads),
                                  std::to_string(settings.seconds), std::string(check ? "check" : "trust")})
    command.push_back(word);
  const std::string text = run_program(command, settings.run_limit);
  try {
    const auto json = nlohmann::json::parse(text);
    measurement m{.ms = json.at("ms")};
    if (!(m.ms > 0)) throw std::runtime_error("no time");
    if (check) {
      m.error = json.at("error");
      m.norm = json.at("norm");
      m.projection = json.at("projection");
      m.finite = json.at("finite");
      m.zero_halo = json.at("zero_halo");
    }
    return m;
  } catch (const std::exception &) {
    throw std::runtime_error("its answer is not what was expected: '" + text.substr(0, 100) + "'");
  }
}

} // namespace vggen
