// Seeded random operands for any kernel. Every value is a float, so that kernel and reference read the same.
#pragma once

#include "operands.hpp"

#include <vggen/net/signature.hpp>

namespace vggen::test {

/// How many sets of operands a kernel is run on: one, unless it takes numbers at run time that are not in its
/// signature (sgd's length, dropout's probability, an extent that is dynamic).
int operand_sets(const signature &kernel);

/// The kernel with the extents of a set: of a dynamic one the largest first, others after it.
signature at_hand(const signature &kernel, int set);

/// Operands for a kernel of that signature (at_hand's), the same on every machine. set: below operand_sets;
/// the first one is that of benchmarks. Values are in [-1, 1] and weights are scaled by 1/sqrt(fan in),
/// except where that would leave something untested: see random_operands.cpp.
operands random_operands(const signature &kernel, int set = 0);

/// Fills in what a batch norm's backward kernels read and other kernels have computed from the rest: the
/// statistics and the gradients of scale and shift, in double precision.
void complete_batch_norm(operands &values);

} // namespace vggen::test
