// Writes event files as a training does that is killed and resumed, for test_tensorboard.py to read.
//
//   write_events FOLDER
#include "vggen/report/event_file.hpp"

#include <cmath>
#include <limits>

#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  {
    vggen::event_file file(argv[1]);
    for (int step = 0; step < 1000; ++step)
      file.scalar("loss/training", step, 2.5 * std::exp(-step / 300.0));
    file.scalar("odd/infinity", 7, std::numeric_limits<double>::infinity());
    file.scalar("odd/größe <b>", 8, -1);
    file.scalar("odd/late", std::int64_t{1} << 40, 0);
  }
  vggen::event_file resumed(argv[1]); // a file of its own
  for (int step = 1000; step < 1500; ++step)
    resumed.scalar("loss/training", step, 2.5 * std::exp(-step / 300.0));
  resumed.flush();
  resumed.scalar("loss/training", 1500, 0); // never flushed
  ::_exit(0);                               // as if killed: no destructor runs
}
