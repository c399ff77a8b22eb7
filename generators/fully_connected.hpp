// Fully connected layers, with bias and relu. The weights are read where the file has them, rows of inputs;
// or packed as bfloat16, two in a word, which takes half the memory and half the time to read it. Sums are
// float32 in any case.
//
//     output(k) = relu(Σ over i of input(i) * weights(i, k) + bias(k))
#pragma once

#include "device_product.hpp"

#include <vggen/net/signature.hpp>

#include <Halide.h>

namespace vggen {

/// The stages of a fully connected layer. Inputs are taken a vector of weights at a time, or two where words
/// hold two; what is left at the end of a row is summed apart.
struct fully_connected_stages {
  Halide::Func input;   // [i, 1, 1, n]
  Halide::Func weights; // [i, k], or [word, k] (bf16_rows.hpp)
  Halide::Func bias;    // [k]
  Halide::Func partial; // [lane, k, n]: each lane's own sum
  Halide::RDom steps;   // over whole vectors of weights
  Halide::Func sums;    // [k, n]: update 0 adds up the lanes, update 1 (if any) the inputs left over
  Halide::RDom lane_sum;
  bool has_rest = false;
  bool on_device = false;
  device_product device; ///< on a device, of many images: rows are outputs, columns images
  Halide::Func parts;    ///< [k, n, part]: of its sums in several parts; another output
  Halide::Func output;   // [k, x, y, n]
  Halide::Var lane{"lane"}, k{"k"}, x{"x"}, y{"y"}, n{"n"};
};

/// The algorithm. `stages` holds input, weights and bias; the rest is made here. lanes: in a vector of
/// weights. bf16: the weights are words of two.
void define_fully_connected(fully_connected_stages &stages, const signature &kernel, int lanes, bool bf16);

/// The same as a product, on a device: for batches of several images.
void define_fully_connected_product(fully_connected_stages &stages, const signature &kernel,
                                    const device_tiling &tiling);

} // namespace vggen
