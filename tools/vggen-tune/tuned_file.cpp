#include "tools/vggen-tune/tuned_file.hpp"

#include <vggen/version.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <stdexcept>

namespace vggen {

namespace fs = std::filesystem;

namespace {

// Three significant digits: more would change with every run.
double rounded(double value) {
  if (value == 0) return 0;
  const double unit = std::pow(10, std::floor(std::log10(std::abs(value))) - 2);
  const double scaled = std::round(value / unit);
  return unit < 1 ? scaled / std::round(1 / unit) : scaled * unit;
}

nlohmann::ordered_json as_json(const tuned_entry &e) {
  nlohmann::ordered_json json{{"kernel", e.kernel}, {"schedule", e.schedule}};
  if (!e.parameters.empty()) json["parameters"] = e.parameters;
  nlohmann::ordered_json measured{
      {"cpu", e.cpu}, {"threads", e.threads}, {"ms", rounded(e.ms)}, {"default_ms", rounded(e.default_ms)}};
  if (e.gflops > 0) measured["gflops"] = rounded(e.gflops);
  if (e.share_of_peak > 0) measured["share_of_peak"] = rounded(e.share_of_peak);
  if (e.error > 0) measured["error"] = rounded(e.error);
  json["measured"] = measured;
  return json;
}

tuned_entry from_json(const nlohmann::json &json) {
  tuned_entry e{.kernel = json.at("kernel"), .schedule = json.at("schedule")};
  if (!parse_signature(e.kernel)) throw std::runtime_error("its kernel is not a signature");
  if (json.contains("parameters")) e.parameters = json["parameters"].get<std::map<std::string, int>>();
  const auto &measured = json.at("measured");
  e.cpu = measured.at("cpu");
  e.threads = measured.at("threads");
  e.ms = measured.at("ms");
  e.default_ms = measured.at("default_ms");
  e.gflops = measured.value("gflops", 0.0);
  e.share_of_peak = measured.value("share_of_peak", 0.0);
  e.error = measured.value("error", 0.0);
  return e;
}

} // namespace

tuned_file::tuned_file(fs::path file, std::string target,
                       const std::function<void(const std::string &)> &note)
    : file_(std::move(file)), target_(std::move(target)) {
  if (!fs::exists(file_)) return;
  nlohmann::json json;
  try {
    std::ifstream in(file_);
    json = nlohmann::json::parse(in);
    if (!json.at("kernels").is_array()) throw std::runtime_error("\"kernels\" is no list");
  } catch (const std::exception &e) {
    throw std::runtime_error(file_.string() + ": not a database of schedules: " + e.what());
  }
  int number = 0;
  for (const auto &item : json["kernels"]) {
    ++number;
    try {
      entries_.push_back(from_json(item));
    } catch (const std::exception &e) {
      note(file_.string() + ": entry " + std::to_string(number) + " is left out: " + e.what());
    }
  }
}

const tuned_entry *tuned_file::find(const std::string &kernel, const std::string &cpu, int threads) const {
  const auto found = std::ranges::find_if(entries_, [&](const tuned_entry &e) {
    return e.kernel == kernel && e.cpu == cpu && e.threads == threads;
  });
  return found == entries_.end() ? nullptr : &*found;
}

void tuned_file::put(const tuned_entry &entry) {
  const auto found = std::ranges::find(entries_, entry.kernel, &tuned_entry::kernel);
  if (found != entries_.end())
    *found = entry;
  else
    entries_.push_back(entry);
  write();
}

void tuned_file::write() const {
  std::vector<tuned_entry> sorted = entries_;
  std::ranges::sort(sorted, {}, &tuned_entry::kernel);
  if (file_.has_parent_path()) fs::create_directories(file_.parent_path());
  const fs::path partial = file_.string() + ".partial";
  std::ofstream out(partial);
  // one line an entry: differences between two tunings are easy to read
  out << "{\n  \"tuned\": "
      << nlohmann::ordered_json{{"version", VGGEN_VERSION_TEXT}, {"target", target_}}.dump()
      << ",\n  \"kernels\": [";
  const char *separator = "\n    ";
  for (const tuned_entry &e : sorted) {
    out << separator << as_json(e).dump();
    separator = ",\n    ";
  }
  out << "\n  ]\n}\n";
  out.close();
  if (!out) throw std::runtime_error("cannot write " + partial.string());
  fs::rename(partial, file_);
}

} // namespace vggen
