// Prints the table as vggen-compile reads a model: what a library of kernels under test is compiled from.
//
//     list_cases quick|full       full: the quick cases and the zoo's
#include "cases.hpp"

#include <iostream>
#include <set>
#include <string_view>

int main(int argc, char **argv) {
  const std::string_view which = argc == 2 ? argv[1] : "";
  if (which != "quick" && which != "full") {
    std::cerr << "usage: list_cases quick|full\n";
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
