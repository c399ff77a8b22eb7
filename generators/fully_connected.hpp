// Fully connected layers, with bias and relu. The weights are read where the file has them: rows of inputs.
//
//     output(k) = relu(Σ over i of input(i) * weights(i, k) + bias(k))
#pragma once

#include <vggen/net/signature.hpp>

#include <Halide.h>

namespace vggen {

/// The stages of a fully connected layer. Inputs are taken `lanes` at a time; what is left at the end of a
/// row is summed apart.
struct fully_connected_stages {
  Halide::Func input;   // [i, 1, 1, n]
  Halide::Func weights; // [i, k]
  Halide::Func bias;    // [k]
  Halide::Func partial; // [lane, k, n]: each lane's own sum
  Halide::RDom steps;   // over whole vectors of inputs
  Halide::Func sums;    // [k, n]: update 0 adds up the lanes, update 1 (if any) the inputs left over
  Halide::RDom lane_sum;
  bool has_rest = false;
  Halide::Func output; // [k, x, y, n]
  Halide::Var lane{"lane"}, k{"k"}, x{"x"}, y{"y"}, n{"n"};
};

/// The algorithm. `stages` holds input, weights and bias; the rest is made here.
void define_fully_connected(fully_connected_stages &stages, const signature &kernel, int lanes);

} // namespace vggen
