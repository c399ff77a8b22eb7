// Prints the table as vggen-compile reads a model: what a library of kernels under test is compiled from.
//
//     list_cases quick|full                    full: the quick cases and the zoo's
//     list_cases schedules <prefix> <name> [<parameter> <value>]
//                                              a schedule file: that schedule for kernels whose text begins
//                                              so; for backward-weights, which are of another family, only
//                                              if it says so
#include "cases.hpp"

#include <iostream>
#include <set>
#include <string_view>

namespace {

int print_schedules(std::string_view prefix, std::string_view name, std::string_view parameter,
                    std::string_view value) {
  const char *separator = "";
  const bool weights = prefix.find("backward-weights") != std::string_view::npos;
  std::cout << R"({"kernels": [)";
  for (const auto &row : vggen::test::quick_cases) {
    const auto kernel = vggen::parse_signature(row.text);
    if (!row.text.starts_with(prefix) || (kernel->dir == vggen::direction::backward_weights) != weights)
      continue;
    if (kernel->pool && parameter == "tile" && (value.back() - '0') % 2 != 0) continue; // not for Winograd
    // shorter than a vector of any target: Halide's Adams2019 aborts on the sum over no whole vectors
    if (kernel->op == vggen::operation::fully_connected && name == "adams" && kernel->channels < 16) continue;
    std::cout << separator << "\n  {\"kernel\": \"" << row.text << "\", \"schedule\": \"" << name << '"';
    if (!parameter.empty()) std::cout << ", \"parameters\": {\"" << parameter << "\": " << value << "}";
    std::cout << "}";
    separator = ",";
  }
  std::cout << "\n]}\n";
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  const std::string_view which = argc == 2 ? argv[1] : "";
  if ((argc == 4 || argc == 6) && std::string_view(argv[1]) == "schedules")
    return print_schedules(argv[2], argv[3], argc == 6 ? argv[4] : "", argc == 6 ? argv[5] : "");
  if (which != "quick" && which != "full") {
    std::cerr
        << "usage: list_cases quick|full, or list_cases schedules <prefix> <name> [<parameter> <value>]\n";
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
