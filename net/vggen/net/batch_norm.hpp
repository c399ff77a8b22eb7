// What training, inference and folding of batch norms have to agree on.
#pragma once

namespace vggen {

/// What is added to a variance: PyTorch's.
inline constexpr float batch_norm_epsilon = 1e-5f;

} // namespace vggen
