#include "tools/program/commands.hpp"
#include "tools/program/progress.hpp"

#include <vggen/io/initial_weights.hpp>
#include <vggen/io/preprocessing.hpp>

#include <cstdio>

namespace vggen {

void write_random_weights(runnable_model &model, const init_options &options) {
  const std::string preprocess(find_preprocessing(options.preprocess).name);
  progress shown("writing");
  write_initial_weights(options.output, model.facts().parameter_tensors, options.seed,
                        {{"preprocess", preprocess}}, [&](double done) { shown.update(done); });
  std::printf("%s: %lld parameters, seed %llu\n", options.output.c_str(),
              static_cast<long long>(model.facts().parameters),
              static_cast<unsigned long long>(options.seed));
}

} // namespace vggen
