// The table of operator cases: what tests and benchmarks run every schedule on. Adding an operator means rows
// here.
#pragma once

#include <vggen/net/signature.hpp>

#include <span>
#include <string_view>

namespace vggen::test {

/// The relative error that exact schedules keep to.
inline constexpr double exact_tolerance = 1e-5;

/// Represents one case: a kernel's signature in canonical text, and the relative error it may have. Its
/// multiply-adds are signature::multiply_adds().
struct operator_case {
  std::string_view text;
  double tolerance = exact_tolerance;
};

/// Small, odd and awkward shapes of every operator in every direction, and one of each kind that VGG16 has.
inline constexpr operator_case quick_cases[] = {
    // extents below the filter, tiles and vectors that do not come out even, every epilogue
    {"conv3x3.forward n1 1x1 c1 k1 f32"},
    {"conv3x3.forward n1 1x1 c64 k100 bias+relu out-halo f32"},
    {"conv3x3.forward n3 2x3 c3 k17 bias f32"},
    {"conv3x3.forward n1 2x3 c16 k3 bias+relu+max-pool out-halo f32"},
    {"conv3x3.forward n2 5x7 c5 k10 bias+relu f32"},
    {"conv3x3.forward n1 5x7 c33 k48 bias+relu out-halo f32"},
    {"conv3x3.forward n3 5x7 c20 k17 bias+relu+max-pool f32"},
    {"conv3x3.forward n1 5x7 c1 k32 max-pool out-halo f32"},
    {"conv3x3.forward n1 13x9 c3 k32 bias out-halo f32"},
    {"conv3x3.forward n2 13x9 c16 k100 bias+relu+max-pool out-halo f32"},
    {"conv3x3.forward n1 13x9 c64 k48 relu f32"},
    {"conv3x3.forward n1 13x9 c20 k1 bias+max-pool f32"},
    {"conv3x3.forward n1 224x224 c3 k64 bias+relu out-halo f32"},
    {"conv3x3.forward n1 56x56 c128 k256 bias+relu out-halo f32"},
    {"conv3x3.forward n1 14x14 c512 k512 bias+relu+max-pool f32"},
    // tiles of several rows and images
    {"conv3x3.forward n4 1x1 c5 k20 bias+relu out-halo f32"},
    {"conv3x3.forward n16 4x4 c32 k48 bias+relu out-halo f32"},
    {"conv3x3.forward n6 3x5 c17 k33 bias f32"},
    {"conv3x3.forward n8 2x2 c20 k64 bias+relu+max-pool out-halo f32"},
    {"conv3x3.forward n12 4x4 c9 k16 bias+relu+max-pool f32"},
    {"conv3x3.forward n3 7x5 c8 k33 relu+max-pool out-halo f32"},
    {"conv3x3.forward n128 2x2 c512 k512 bias+relu out-halo f32"},

    // extents that are known when they run
    {"conv3x3.forward n1 13x17 c3 k32 bias+relu out-halo dynamic f32"},
    {"conv3x3.forward n2 12x15 c20 k17 bias+relu+max-pool dynamic f32"},
    {"conv3x3.forward n1 30x41 c32 k64 bias+relu out-halo dynamic f32"},
    {"conv3x3.forward n2 29x23 c64 k48 bias+relu+max-pool out-halo dynamic f32"},

    {"conv1x1.forward n1 1x1 c1 k1 f32"},
    {"conv1x1.forward n1 2x3 c64 k3 in-halo f32"},
    {"conv1x1.forward n2 5x7 c33 k17 bias+relu out-halo f32"},
    {"conv1x1.forward n3 13x9 c20 k100 bias+relu+max-pool out-halo f32"},
    {"conv1x1.forward n6 3x5 c17 k33 bias+relu f32"},
    {"conv1x1.forward n8 4x4 c12 k48 bias+relu+max-pool out-halo f32"},
    {"conv1x1.forward n1 28x28 c512 k512 bias+relu+max-pool out-halo f32"},

    {"conv1x1.forward n2 9x11 c33 k48 bias+relu dynamic f32"},

    {"conv.forward n1 2x3 c3 k10 f2x3 bias f32"},
    {"conv.forward n2 5x7 c5 k17 f2x2 bias+relu out-halo f32"},
    {"conv.forward n1 5x7 c33 k32 f5x1 f32"},
    {"conv.forward n1 13x9 c16 k48 f7x7 bias+relu in-halo out-halo f32"},
    {"conv.forward n3 13x9 c20 k3 f4x2 bias+relu+max-pool f32"},
    {"conv.forward n10 4x3 c17 k40 f3x2 bias+relu out-halo f32"},
    {"conv.forward n1 8x9 c512 k256 f7x7 bias+relu f32"},
    {"conv.forward n1 16x20 c32 k96 f7x7 bias+relu dynamic f32"},

    {"max_pool.forward n1 2x3 c1 f32"},
    {"max_pool.forward n2 5x7 c3 out-halo f32"},
    {"max_pool.forward n3 13x9 c20 in-halo f32"},
    {"max_pool.forward n1 13x9 c64 in-halo out-halo f32"},
    {"max_pool.forward n1 56x56 c256 out-halo f32"},
    {"max_pool.forward n2 13x18 c20 in-halo out-halo dynamic f32"},

    // windows that divide the extent, that overlap, and more of them than pixels; all of it to one
    {"adaptive_average_pool.forward n1 1x1 c1 f1x1 f32"},
    {"adaptive_average_pool.forward n2 6x4 c3 f3x2 in-halo out-halo f32"},
    {"adaptive_average_pool.forward n3 13x9 c20 f7x7 f32"},
    {"adaptive_average_pool.forward n1 5x3 c33 f7x7 f32"},
    {"adaptive_average_pool.forward n2 7x7 c512 f1x1 f32"},
    {"adaptive_average_pool.forward n2 11x14 c33 f1x1 dynamic f32"},
    {"adaptive_average_pool.forward n1 20x17 c20 f7x7 dynamic f32"},
    {"adaptive_max_pool.forward n1 1x1 c1 f1x1 f32"},
    {"adaptive_max_pool.forward n2 6x4 c3 f3x2 in-halo out-halo f32"},
    {"adaptive_max_pool.forward n3 13x9 c20 f7x7 f32"},
    {"adaptive_max_pool.forward n1 5x3 c33 f7x7 f32"},
    {"adaptive_max_pool.forward n2 7x7 c512 f1x1 f32"},
    {"adaptive_max_pool.forward n2 20x17 c20 f7x7 in-halo dynamic f32"},

    {"batch_norm.forward n1 1x2 c1 f32"},
    {"batch_norm.forward n2 5x7 c3 relu out-halo f32"},
    {"batch_norm.forward n4 1x1 c33 f32"},
    {"batch_norm.forward n3 13x9 c20 relu f32"},
    {"batch_norm.forward n16 32x32 c64 relu out-halo f32"},

    {"fully_connected.forward n1 1x1 c1 k1 f32"},
    {"fully_connected.forward n3 1x1 c5 k3 bias f32"},
    {"fully_connected.forward n2 1x1 c33 k100 bias+relu f32"},
    {"fully_connected.forward n1 1x1 c64 k17 relu f32"},
    {"fully_connected.forward n5 1x1 c77 k12 bias+relu f32"},
    {"fully_connected.forward n128 1x1 c512 k48 bias+relu f32"},
    {"fully_connected.forward n1 1x1 c4096 k1000 bias f32"},

    // fewer channels than the window of 5
    {"local_response_norm.forward n1 1x1 c1 f32"},
    {"local_response_norm.forward n2 5x7 c3 out-halo f32"},
    {"local_response_norm.forward n1 13x9 c33 in-halo out-halo f32"},
    {"local_response_norm.forward n1 224x224 c64 f32"},
    {"local_response_norm.forward n2 9x14 c20 out-halo dynamic f32"},

    {"flatten.forward n1 1x1 c3 f32"},
    {"flatten.forward n2 5x7 c33 f32"},
    {"flatten.forward n1 7x7 c512 f32"},

    {"softmax.forward n1 1x1 c1 f32"},
    {"softmax.forward n3 1x1 c10 f32"},
    {"softmax.forward n2 5x7 c33 f32"},
    {"softmax.forward n1 1x1 c1000 f32"},

    {"preprocess.forward n1 1x1 c1 f32"},
    {"preprocess.forward n2 5x7 c3 out-halo f32"},
    {"preprocess.forward n3 13x9 c5 f32"},
    {"preprocess.forward n1 224x224 c3 out-halo f32"},
    {"preprocess.forward n2 20x31 c3 out-halo dynamic f32"},

    // training: the gradient of a layer's input, of a layer's weights; with and without a relu before the
    // layer,
    // with and without a padded convolution before it
    {"conv3x3.backward-data n1 1x1 c1 k1 f32"},
    {"conv3x3.backward-data n1 1x1 c100 k64 relu out-halo f32"},
    {"conv3x3.backward-data n3 2x3 c17 k3 f32"},
    {"conv3x3.backward-data n2 5x7 c10 k5 relu f32"},
    {"conv3x3.backward-data n5 5x7 c48 k33 out-halo f32"},
    {"conv3x3.backward-data n4 1x1 c20 k5 relu out-halo f32"},
    {"conv3x3.backward-data n6 3x5 c33 k17 relu out-halo f32"},
    {"conv3x3.backward-data n1 13x9 c3 k32 f32"},
    {"conv3x3.backward-data n16 4x4 c48 k32 relu out-halo f32"},
    {"conv3x3.backward-data n128 2x2 c512 k512 relu out-halo f32"},
    {"conv3x3.backward-data n2 14x14 c512 k512 relu out-halo f32"},
    {"conv3x3.backward-weights n1 1x1 c1 k1 bias f32"},
    {"conv3x3.backward-weights n1 1x1 c64 k100 bias f32"},
    {"conv3x3.backward-weights n3 2x3 c3 k17 bias f32"},
    {"conv3x3.backward-weights n2 5x7 c5 k10 bias f32"},
    {"conv3x3.backward-weights n5 5x7 c33 k48 bias f32"},
    {"conv3x3.backward-weights n4 1x1 c5 k20 bias f32"},
    {"conv3x3.backward-weights n6 3x5 c17 k33 bias f32"},
    {"conv3x3.backward-weights n1 13x9 c32 k3 bias f32"},
    {"conv3x3.backward-weights n4 20x24 c2 k9 bias f32"},
    {"conv3x3.backward-weights n3 34x32 c1 k32 bias f32"},
    {"conv3x3.backward-weights n16 32x32 c64 k64 bias f32"},
    {"conv3x3.backward-weights n128 2x2 c512 k512 bias f32"},

    {"conv1x1.backward-data n1 1x1 c1 k1 f32"},
    {"conv1x1.backward-data n1 2x3 c3 k64 in-halo f32"},
    {"conv1x1.backward-data n2 5x7 c17 k33 relu out-halo f32"},
    {"conv1x1.backward-data n5 13x9 c100 k20 out-halo f32"},
    {"conv1x1.backward-data n6 3x5 c33 k17 relu f32"},
    {"conv1x1.backward-data n4 16x16 c256 k256 relu out-halo f32"},
    {"conv1x1.backward-weights n1 1x1 c1 k1 bias f32"},
    {"conv1x1.backward-weights n1 2x3 c64 k3 bias in-halo f32"},
    {"conv1x1.backward-weights n2 5x7 c33 k17 bias f32"},
    {"conv1x1.backward-weights n5 13x9 c20 k100 bias f32"},
    {"conv1x1.backward-weights n4 16x16 c256 k256 bias f32"},

    {"fully_connected.backward-data n1 1x1 c1 k1 f32"},
    {"fully_connected.backward-data n3 1x1 c5 k3 relu f32"},
    {"fully_connected.backward-data n2 1x1 c33 k100 relu f32"},
    {"fully_connected.backward-data n4 1x1 c100 k33 f32"},
    {"fully_connected.backward-data n5 1x1 c77 k12 f32"},
    {"fully_connected.backward-data n128 1x1 c512 k512 relu f32"},
    {"fully_connected.backward-weights n1 1x1 c1 k1 bias f32"},
    {"fully_connected.backward-weights n3 1x1 c5 k3 bias f32"},
    {"fully_connected.backward-weights n2 1x1 c33 k100 bias f32"},
    {"fully_connected.backward-weights n4 1x1 c100 k33 bias f32"},
    {"fully_connected.backward-weights n5 1x1 c77 k12 bias f32"},
    {"fully_connected.backward-weights n128 1x1 c512 k512 bias f32"},

    {"max_pool.backward-data n1 2x3 c1 f32"},
    {"max_pool.backward-data n2 5x7 c3 relu out-halo f32"},
    {"max_pool.backward-data n3 13x9 c20 relu in-halo f32"},
    {"max_pool.backward-data n1 13x9 c64 in-halo out-halo f32"},
    {"max_pool.backward-data n5 6x4 c33 out-halo f32"},
    {"max_pool.backward-data n8 32x32 c64 relu out-halo f32"},

    {"adaptive_average_pool.backward-data n1 1x1 c1 f1x1 f32"},
    {"adaptive_average_pool.backward-data n2 6x4 c3 f3x2 relu out-halo f32"},
    {"adaptive_average_pool.backward-data n3 13x9 c20 f7x7 relu in-halo f32"},
    {"adaptive_average_pool.backward-data n1 5x3 c33 f7x7 f32"},
    {"adaptive_average_pool.backward-data n2 7x7 c512 f1x1 f32"},
    {"adaptive_max_pool.backward-data n1 1x1 c1 f1x1 f32"},
    {"adaptive_max_pool.backward-data n2 6x4 c3 f3x2 relu out-halo f32"},
    {"adaptive_max_pool.backward-data n3 13x9 c20 f7x7 relu in-halo f32"},
    {"adaptive_max_pool.backward-data n1 5x3 c33 f7x7 f32"},
    {"adaptive_max_pool.backward-data n2 7x7 c512 f1x1 f32"},

    {"batch_norm.backward-data n1 1x3 c1 f32"},
    {"batch_norm.backward-data n2 5x7 c3 relu out-halo f32"},
    {"batch_norm.backward-data n4 3x1 c33 out-halo f32"},
    {"batch_norm.backward-data n3 13x9 c20 in-halo f32"},
    {"batch_norm.backward-data n16 32x32 c64 out-halo f32"},
    {"batch_norm.backward-weights n1 1x3 c1 f32"},
    {"batch_norm.backward-weights n2 5x7 c3 f32"},
    {"batch_norm.backward-weights n4 3x1 c33 f32"},
    {"batch_norm.backward-weights n3 13x9 c20 in-halo f32"},
    {"batch_norm.backward-weights n16 32x32 c64 f32"},

    {"local_response_norm.backward-data n1 1x1 c1 f32"},
    {"local_response_norm.backward-data n2 5x7 c3 relu out-halo f32"},
    {"local_response_norm.backward-data n3 4x3 c4 in-halo f32"},
    {"local_response_norm.backward-data n2 13x9 c33 relu in-halo out-halo f32"},
    {"local_response_norm.backward-data n4 32x32 c64 relu f32"},

    {"flatten.backward-data n1 1x1 c3 f32"},
    {"flatten.backward-data n2 5x7 c33 relu f32"},
    {"flatten.backward-data n3 4x3 c5 relu out-halo f32"},
    {"flatten.backward-data n5 3x5 c17 in-halo out-halo f32"},
    {"flatten.backward-data n128 7x7 c128 f32"},

    {"relu.backward-data n1 1x1 c3 f32"},
    {"relu.backward-data n2 5x7 c3 relu out-halo f32"},
    {"relu.backward-data n3 4x3 c33 relu in-halo out-halo f32"},
    {"relu.backward-data n1 13x9 c64 in-halo f32"},
    {"relu.backward-data n2 56x56 c256 relu out-halo f32"},
    {"add.backward-data n1 1x1 c3 f32"},
    {"add.backward-data n2 5x7 c3 f32"},
    {"add.backward-data n3 4x3 c33 f32"},
    {"add.backward-data n1 56x56 c256 f32"},

    // whole vectors and blocks of four random words, and neither
    {"dropout.forward n1 1x1 c3 f32"},
    {"dropout.forward n3 1x1 c33 f32"},
    {"dropout.forward n2 5x7 c3 in-halo out-halo f32"},
    {"dropout.forward n3 4x3 c20 out-halo f32"},
    {"dropout.forward n128 1x1 c512 f32"},
    {"dropout.backward-data n1 1x1 c3 f32"},
    {"dropout.backward-data n3 1x1 c33 relu f32"},
    {"dropout.backward-data n2 5x7 c3 relu in-halo out-halo f32"},
    {"dropout.backward-data n3 4x3 c20 out-halo f32"},
    {"dropout.backward-data n128 1x1 c512 relu f32"},

    {"cross_entropy.forward n1 1x1 c2 f32"},
    {"cross_entropy.forward n5 1x1 c10 f32"},
    {"cross_entropy.forward n3 1x1 c33 f32"},
    {"cross_entropy.forward n128 1x1 c1000 f32"},

    // one target, or one a class; all labels, or some that do not count
    {"squared_error.forward n1 1x1 c4 k4 f32"},
    {"squared_error.forward n5 1x1 c12 k4 f32"},
    {"squared_error.forward n3 1x1 c35 k5 f32"},
    {"squared_error.forward n64 1x1 c4000 k4 f32"},

    // any number of parameters: random_operands.cpp has several
    {"sgd.forward n1 1x1 c1 f32"},
};

/// The kernels of the zoo's networks, fused and split, at batch 1, and those of a training step of
/// fashion_vgg: the real shapes. Some are in quick_cases, too.
std::span<const operator_case> zoo_cases();

constexpr bool all_distinct_signatures(std::span<const operator_case> cases) {
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!parse_signature(cases[i].text)) return false;
    for (std::size_t k = 0; k < i; ++k)
      if (cases[i].text == cases[k].text) return false;
  }
  return true;
}
static_assert(all_distinct_signatures(quick_cases),
              "a row is no canonical text of a signature, or stands twice");

} // namespace vggen::test
