// How fast whole models are, with random weights: the forward pass of some, the training step of others. The
// models add their benchmarks themselves, each in a file of its own (forward_model.cpp.in,
// training_model.cpp.in).
//
//     --benchmark_filter=<regex>   on names "vgg16/forward/batch:8/threads:2" and
//     "vgg16_train/step/batch:8/threads:2"
#include "bench/run_benchmarks.hpp"

int main(int argc, char **argv) { return vggen::benchmarks::run_benchmarks(argc, argv); }
