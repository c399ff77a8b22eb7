// Writes a sample report, to be looked at and for test_page.py.
//
//   write_sample_report FILE [EPOCHS [CLASSES]]
#include "sample_report.hpp"

#include "vggen/io/error.hpp"

#include <cstdio>
#include <cstdlib>

int main(int argc, char **argv) {
  if (argc < 2 || argc > 4) return 2;
  const int epochs = argc > 2 ? std::atoi(argv[2]) : 60, classes = argc > 3 ? std::atoi(argv[3]) : 10;
  try {
    vggen::write_report(argv[1], sample_report(epochs, classes));
  } catch (const vggen::error &problem) {
    std::fprintf(stderr, "error: %s\n", problem.what());
    return 1;
  }
}
