// Training steps of whole models.
#pragma once

#include "tools/machine/roofline.hpp"

#include <vggen/core/model.hpp>
#include <vggen/train/trainable.hpp>

#include <functional>
#include <memory>
#include <string>

namespace vggen::benchmarks {

/// Adds a model's training step, from images to changed parameters, on each of thread_counts():
/// NAME/step/batch:B/threads:T. Returns true.
bool add_training_benchmarks(const std::string &name, int batch, const workload &step,
                             const std::function<std::unique_ptr<trainable>()> &make);

/// The work of a training step: all its kernels. What the packing of changed weights reads and writes is not
/// in it, since another schedule may do without.
template <class Model> workload work_of_step() {
  using kernels = typename Model::kernels;
  using network = typename Model::training::network;
  const auto of = [](const signature &kernel) {
    return work_of(kernels::kernels[static_cast<std::size_t>(detail::find_kernel<kernels>(kernel))]);
  };
  workload work = of(preprocess_call<network>().kernel);
  for (const step_call &call : step_calls<network>)
    work += of(call.kernel);
  const auto &offsets = parameter_offsets<network>;
  const auto trained = offsets.back() - offsets[Model::training::first_trained];
  return work += of(sgd_kernel) * static_cast<double>(trained);
}

} // namespace vggen::benchmarks
