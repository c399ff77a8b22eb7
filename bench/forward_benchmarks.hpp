// The forward pass of whole models.
#pragma once

#include "tools/program/runnable_model.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>

namespace vggen::benchmarks {

/// Adds a model's forward pass, with random weights, for each of the batches that it is compiled for, on each
/// of thread_counts(): NAME/forward/batch:B/threads:T. Preprocessing is not part of it. Returns true.
bool add_forward_benchmarks(const std::string &name, std::span<const int> batches,
                            const std::function<std::unique_ptr<runnable_model>()> &make);

} // namespace vggen::benchmarks
