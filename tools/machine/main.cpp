// vggen-machine: what this machine can do at most, as a line of JSON.
#include "tools/machine/measured_machine.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

int main(int argc, char **argv) {
  const int processors = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int threads = argc == 2 ? std::atoi(argv[1]) : processors;
  if (argc > 2 || threads < 1) {
    std::cerr << "usage: vggen-machine [threads]\n"
                 "prints the processor's name, its multiply-adds (GFLOP/s) and its read bandwidth (GB/s)\n";
    return 2;
  }
  const vggen::measured_machine m = vggen::measure_machine(threads);
  std::cout << nlohmann::ordered_json{{"cpu", m.cpu},
                                      {"threads", m.threads},
                                      {"gflops", m.gflops},
                                      {"read_gbps", m.read_gbps}}
                   .dump()
            << '\n';
}
