// Makes vectors orthonormal.
#pragma once

#include <cstddef>
#include <span>

namespace vggen::detail {

/// Makes `count` vectors of `length` elements, one after the other in `vectors`, orthonormal: each becomes
/// what is left of it beside those before it, at length 1. That is the Q of the QR factorisation whose R has
/// a positive diagonal, [length, count]; the same bits on every machine. Requires linearly independent
/// vectors, so count <= length.
void orthonormalise(std::span<double> vectors, std::size_t count, std::size_t length);

} // namespace vggen::detail
