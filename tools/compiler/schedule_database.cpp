#include "tools/compiler/schedule_database.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <stdexcept>

namespace vggen {

namespace {

// An empty name: the default.
const schedule_info &find(const operator_family &family, const std::string &name) {
  std::string known;
  for (const auto &s : family.schedules) {
    if (name.empty() ? s.is_default : s.name == name) return s;
    known += (known.empty() ? "" : ", ") + s.name;
  }
  throw std::invalid_argument("there is no schedule '" + name + "' for " + family.name +
                              "; there are: " + known);
}

std::string text_of(const signature &kernel) { return std::string(to_text(kernel).view()); }

// The file's list of entries.
nlohmann::json read_kernels(const std::filesystem::path &file) {
  std::ifstream in(file);
  if (!in) throw std::invalid_argument("cannot be opened");
  const auto json = nlohmann::json::parse(in);
  if (!json.is_object() || !json.contains("kernels") || !json["kernels"].is_array())
    throw std::invalid_argument("needs a list called \"kernels\"");
  return json["kernels"];
}

} // namespace

std::string resolved_kernel::schedule_text() const {
  std::string text = chosen.name;
  for (const auto &[name, value] : parameters)
    text += " " + name + "=" + std::to_string(value);
  return text;
}

resolved_kernel resolve_with(const signature &kernel, const schedule_info &chosen,
                             const schedule_request &request) {
  return {.kernel = kernel,
          .text = text_of(kernel),
          .family = family_of(kernel, chosen.on_device).name,
          .chosen = chosen,
          .parameters = request.parameters,
          .multiply_adds = chosen.multiply_adds ? chosen.multiply_adds(request) : kernel.multiply_adds(),
          .error = chosen.error ? chosen.error(request) : 0};
}

schedule_database::entry schedule_database::read_entry(const nlohmann::json &item, std::string &text) const {
  text = item.at("kernel").get<std::string>();
  const auto kernel = parse_signature(text);
  if (!kernel) throw std::invalid_argument("the kernel is not a signature in its canonical form");
  for (const auto &[key, value] : item.items())
    if (key != "kernel" && key != "schedule" && key != "parameters" && key != "measured")
      throw std::invalid_argument("there is nothing called \"" + key + "\" in an entry");
  entry e{};
  e.schedule = item.at("schedule");
  if (item.contains("parameters")) e.parameters = item["parameters"].get<schedule_parameters>();
  if (e.schedule == split_schedule) {
    if (!kernel->pool) throw std::invalid_argument("only a kernel with max-pool can be split");
  } else {
    schedule_request request{
        .kernel = *kernel, .target = Halide::get_host_target(), .parameters = e.parameters};
    resolve_parameters(find(family_of(*kernel, on_device_), e.schedule), request);
  }
  return e;
}

void schedule_database::add(const std::filesystem::path &file) {
  std::string where = file.string(), text;
  try {
    int number = 0;
    for (const auto &item : read_kernels(file)) {
      where = file.string() + ": entry " + std::to_string(++number);
      if (item.contains("kernel")) where += " (" + item["kernel"].dump() + ")";
      entry e = read_entry(item, text);
      e.where = where;
      entries_[text] = e;
    }
  } catch (const std::exception &e) {
    throw std::runtime_error(where + ": " + e.what());
  }
}

void schedule_database::add_tuned(const std::filesystem::path &file,
                                  const std::function<void(const std::string &)> &note) {
  nlohmann::json kernels;
  try {
    kernels = read_kernels(file);
  } catch (const std::exception &e) {
    throw std::runtime_error(file.string() + ": " + e.what());
  }
  int number = 0;
  for (const auto &item : kernels) {
    std::string text;
    const std::string where = file.string() + ": entry " + std::to_string(++number);
    try {
      entry e = read_entry(item, text);
      if (e.schedule != split_schedule &&
          find(family_of(*parse_signature(text), on_device_), e.schedule).on_request)
        throw std::invalid_argument("schedule '" + e.schedule + "' is taken only where a model asks for it");
      e.where = where + " (" + text + ")";
      e.tuned_on = item.at("measured").at("cpu");
      entries_.try_emplace(text, e);
    } catch (const std::exception &e) {
      note(where + (text.empty() ? "" : " (" + text + ")") + " is left out: " + e.what());
    }
  }
}

bool schedule_database::is_split(const signature &kernel) const {
  const auto found = entries_.find(text_of(kernel));
  return found != entries_.end() && found->second.schedule == split_schedule;
}

resolved_kernel schedule_database::resolve(const signature &kernel, const Halide::Target &target) const {
  const operator_family family = family_of(kernel, on_device_);
  schedule_request request{.kernel = kernel, .target = target, .parameters = {}};
  const auto found = entries_.find(text_of(kernel));
  const bool has_choice = found != entries_.end() && found->second.schedule != split_schedule;
  const schedule_info *chosen =
      has_choice ? &find(family, found->second.schedule) : &cheapest(family, request);
  std::string left_out;
  if (has_choice && !allows(*chosen)) {
    if (found->second.tuned_on.empty()) left_out = found->second.where + ": " + chosen->name;
    chosen = &cheapest(family, request);
  } else if (has_choice) {
    request.parameters = found->second.parameters;
  }
  resolve_parameters(*chosen, request);
  resolved_kernel resolved = resolve_with(kernel, *chosen, request);
  resolved.left_out = left_out;
  if (has_choice && left_out.empty() && chosen->name == found->second.schedule)
    resolved.tuned_on = found->second.tuned_on;
  return resolved;
}

const schedule_info &schedule_database::cheapest(const operator_family &family,
                                                 const schedule_request &request) const {
  const schedule_info *best = &find(family, "");
  const auto cost_of = [&](const schedule_info &schedule) {
    schedule_request whole = request;
    resolve_parameters(schedule, whole);
    return schedule.cost(whole);
  };
  if (!best->cost) return *best;
  double best_cost = cost_of(*best);
  for (const schedule_info &schedule : family.schedules)
    if (&schedule != best && schedule.cost && !schedule.on_request && allows(schedule))
      if (const double cost = cost_of(schedule); cost < best_cost) {
        best = &schedule;
        best_cost = cost;
      }
  return *best;
}

} // namespace vggen
