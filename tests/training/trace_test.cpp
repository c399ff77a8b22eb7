// Ten steps of training against PyTorch, and whether the comparison would see a mistake.
#include "golden_trace.hpp"

#include <compiled/trace_vgg11.hpp>
#include <compiled/trace_vgg11_bn.hpp>
#include <compiled/trace_vgg11_boxes.hpp>
#include <compiled/trace_vgg16.hpp>

#include <algorithm>
#include <string>

using namespace vggen;
using namespace vggen::test;

namespace {

template <class Model> void check_trace_and_changes(const std::string &golden) {
  const trace_errors errors = check_trace<Model>(golden);
  constexpr auto &infos = parameter_infos<typename Model::training::network>;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    if (infos[i].role != parameter_role::weights && infos[i].role != parameter_role::scale) continue;
    const change one{.tensor = static_cast<int>(i), .element = errors.steepest[i]};
    INFO(infos[i].name.view());
    // most at once, some only in what they lead to
    const auto is_seen = [&](int steps) {
      return run_trace<Model>(golden, steps, one).largest() > trace_tolerance;
    };
    CHECK((is_seen(2) || is_seen(4)));
  }
}

} // namespace

TEST_CASE("ten steps of configuration A are PyTorch's, and a single changed weight of any layer is seen") {
  check_trace_and_changes<compiled::trace_vgg11>("training_vgg11_32");
}

TEST_CASE("ten steps with batch norms are PyTorch's, and a single changed weight of any layer is seen") {
  check_trace_and_changes<compiled::trace_vgg11_bn>("training_vgg11_bn_32");
}

TEST_CASE("ten steps of boxes are PyTorch's, and a single changed weight of any layer is seen") {
  check_trace_and_changes<compiled::trace_vgg11_boxes>("training_vgg11_boxes_32");
}

TEST_CASE("ten steps of configuration D are PyTorch's, and a single changed weight of any layer is seen") {
  check_trace_and_changes<compiled::trace_vgg16>("training_vgg16_32");
}
