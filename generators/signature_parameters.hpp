// A signature as GeneratorParams: how a kernel is asked for on a generator's command line.
#pragma once

#include <vggen/net/signature.hpp>

#include <Halide.h>

#include <map>
#include <string>

namespace vggen {

/// Represents the GeneratorParams that every operator's generator has. Names and meaning are signature's.
struct signature_parameters {
  Halide::GeneratorParam<int> batch{"batch", 1};
  Halide::GeneratorParam<int> height{"height", 0};
  Halide::GeneratorParam<int> width{"width", 0};
  Halide::GeneratorParam<int> channels{"channels", 0};
  Halide::GeneratorParam<int> outputs{"outputs", 0};
  Halide::GeneratorParam<int> filter_height{"filter_height", 0};
  Halide::GeneratorParam<int> filter_width{"filter_width", 0};
  Halide::GeneratorParam<bool> bias{"bias", false};
  Halide::GeneratorParam<bool> relu{"relu", false};
  Halide::GeneratorParam<bool> pool{"pool", false};
  Halide::GeneratorParam<bool> input_halo{"input_halo", false};
  Halide::GeneratorParam<bool> output_halo{"output_halo", false};
  Halide::GeneratorParam<bool> dynamic{"dynamic", false};
};

/// The GeneratorParams' values for a kernel.
inline std::map<std::string, std::string> generator_values(const signature &s) {
  const auto flag = [](bool b) { return std::string(b ? "true" : "false"); };
  return {{"batch", std::to_string(s.batch)},
          {"height", std::to_string(s.height)},
          {"width", std::to_string(s.width)},
          {"channels", std::to_string(s.channels)},
          {"outputs", std::to_string(s.outputs)},
          {"filter_height", std::to_string(s.filter_height)},
          {"filter_width", std::to_string(s.filter_width)},
          {"bias", flag(s.bias)},
          {"relu", flag(s.relu)},
          {"pool", flag(s.pool)},
          {"input_halo", flag(s.input_halo)},
          {"output_halo", flag(s.output_halo)},
          {"dynamic", flag(s.dynamic)}};
}

} // namespace vggen
