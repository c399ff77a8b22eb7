// Prints the table as vggen-compile reads a model: what a library of kernels under test is compiled from.
//
//     list_cases quick|full                    full: the quick cases and the zoo's
//     list_cases schedules <prefix> <name> [<parameter> <value>]...
//                                              a schedule file: that schedule for kernels whose text begins
//                                              so and that it is for; for backward-weights, which are of
//                                              another family, only if it says so
#include "cases.hpp"

#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace {

using parameters = std::map<std::string, int>;

// What Winograd's schedules take: a pool needs tiles of an even extent, parts divide the channels that are
// summed, panels at once (here of one vector of AVX2) divide the panels.
bool is_for(const vggen::signature &kernel, const parameters &given) {
  const auto tile = given.find("tile"), parts = given.find("parts"), at_once = given.find("panels_at_once");
  const bool turned = kernel.dir == vggen::direction::backward_data;
  const int channels = turned ? kernel.outputs : kernel.channels;
  const int panels = ((turned ? kernel.channels : kernel.outputs) + 7) / 8;
  return (tile == given.end() || !kernel.pool || tile->second % 2 == 0) &&
         (parts == given.end() || parts->second == 0 || channels % parts->second == 0) &&
         (at_once == given.end() || panels % at_once->second == 0);
}

int print_schedules(std::string_view prefix, std::string_view name, const parameters &given) {
  const char *separator = "";
  const bool weights = prefix.find("backward-weights") != std::string_view::npos;
  std::cout << R"({"kernels": [)";
  for (const auto &row : vggen::test::quick_cases) {
    const auto kernel = vggen::parse_signature(row.text);
    if (!row.text.starts_with(prefix) || (kernel->dir == vggen::direction::backward_weights) != weights)
      continue;
    if (!is_for(*kernel, given)) continue;
    const bool autoscheduled = name == "mullapudi" || name == "adams" || name == "li";
    if (autoscheduled && kernel->dynamic) continue; // they have none of those
    // shorter than a vector of any target: Halide's Adams2019 aborts on the sum over no whole vectors
    if (kernel->op == vggen::operation::fully_connected && name == "adams" && kernel->channels < 16) continue;
    std::cout << separator << "\n  {\"kernel\": \"" << row.text << "\", \"schedule\": \"" << name
              << "\", \"parameters\": {";
    separator = "";
    for (const auto &[parameter, value] : given) {
      std::cout << separator << '"' << parameter << "\": " << value;
      separator = ", ";
    }
    std::cout << "}}";
    separator = ",";
  }
  std::cout << "\n]}\n";
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  const std::string_view which = argc == 2 ? argv[1] : "";
  if (argc >= 4 && argc % 2 == 0 && std::string_view(argv[1]) == "schedules") {
    parameters given;
    for (int i = 4; i < argc; i += 2)
      given[argv[i]] = std::atoi(argv[i + 1]);
    return print_schedules(argv[2], argv[3], given);
  }
  if (which != "quick" && which != "full") {
    std::cerr
        << "usage: list_cases quick|full, or list_cases schedules <prefix> <name> [<parameter> <value>]...\n";
    return 2;
  }
  // as net/vggen/net/describe.hpp writes it, but for a network: there is none
  std::cout << R"({"name": "operators", "header": "", "network": "", "batches": [], "groups": [)";
  std::set<std::string_view> seen;
  const auto print = [&](const vggen::test::operator_case &row) {
    if (seen.contains(row.text)) return;
    std::cout << (seen.empty() ? "" : ",") << "\n  {\"fused\": \"" << row.text << "\", \"split\": []}";
    seen.insert(row.text);
  };
  for (const auto &row : vggen::test::quick_cases)
    print(row);
  if (which == "full")
    for (const auto &row : vggen::test::zoo_cases())
      print(row);
  std::cout << "\n]}\n";
}
