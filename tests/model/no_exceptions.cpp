// A model in a program without exceptions and run-time types, as embedded users build theirs.
#include <compiled/odd.hpp>

#include <cstdio>

int main() {
  using model = vggen::compiled::odd;
  static model::weights weights;
  static model::context<> context;
  static float parameters[20 * 3 * 9 + 33 * 20 * 9 + 17 * 33 + 48 * 17 * 9 + 30 * 48 * 5 * 4 + 7 * 30];
  std::array<const float *, model::weights::parameter_count> sources{};
  sources.fill(parameters); // zeros for all
  static float input[3 * 45 * 37];
  if (weights.assign(sources) != vggen::status::ok || context.prepare({.threads = 2}) != vggen::status::ok ||
      context.set_input(input) != vggen::status::ok || context.forward(weights) != vggen::status::ok)
    return 1;
  // all classes are equally likely
  const float probability = context.output().at(0, 6, 0, 0);
  std::printf("%f\n", static_cast<double>(probability));
  return probability > 0.1428f && probability < 0.1429f ? 0 : 1;
}
