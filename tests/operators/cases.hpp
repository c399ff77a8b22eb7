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

/// Small, odd and awkward shapes of every operator, and one of each kind that VGG16 has.
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

    {"conv1x1.forward n1 1x1 c1 k1 f32"},
    {"conv1x1.forward n1 2x3 c64 k3 in-halo f32"},
    {"conv1x1.forward n2 5x7 c33 k17 bias+relu out-halo f32"},
    {"conv1x1.forward n3 13x9 c20 k100 bias+relu+max-pool out-halo f32"},
    {"conv1x1.forward n1 28x28 c512 k512 bias+relu+max-pool out-halo f32"},

    {"conv.forward n1 2x3 c3 k10 f2x3 bias f32"},
    {"conv.forward n2 5x7 c5 k17 f2x2 bias+relu out-halo f32"},
    {"conv.forward n1 5x7 c33 k32 f5x1 f32"},
    {"conv.forward n1 13x9 c16 k48 f7x7 bias+relu in-halo out-halo f32"},
    {"conv.forward n3 13x9 c20 k3 f4x2 bias+relu+max-pool f32"},
    {"conv.forward n1 8x9 c512 k256 f7x7 bias+relu f32"},

    {"max_pool.forward n1 2x3 c1 f32"},
    {"max_pool.forward n2 5x7 c3 out-halo f32"},
    {"max_pool.forward n3 13x9 c20 in-halo f32"},
    {"max_pool.forward n1 13x9 c64 in-halo out-halo f32"},
    {"max_pool.forward n1 56x56 c256 out-halo f32"},

    {"fully_connected.forward n1 1x1 c1 k1 f32"},
    {"fully_connected.forward n3 1x1 c5 k3 bias f32"},
    {"fully_connected.forward n2 1x1 c33 k100 bias+relu f32"},
    {"fully_connected.forward n1 1x1 c64 k17 relu f32"},
    {"fully_connected.forward n1 1x1 c4096 k1000 bias f32"},

    // fewer channels than the window of 5
    {"local_response_norm.forward n1 1x1 c1 f32"},
    {"local_response_norm.forward n2 5x7 c3 out-halo f32"},
    {"local_response_norm.forward n1 13x9 c33 in-halo out-halo f32"},
    {"local_response_norm.forward n1 224x224 c64 f32"},

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
};

/// The kernels of the zoo's networks, fused and split, at batch 1: the real shapes. Some are in quick_cases,
/// too.
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
