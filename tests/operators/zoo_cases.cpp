#include "cases.hpp"

#include <vggen/net/plan.hpp>
#include <vggen/net/step_plan.hpp>
#include <vggen/net/transform.hpp>
#include <vggen/net/zoo.hpp>

#include <deque>
#include <vector>

namespace vggen::test {

namespace {

// Texts that cases point at, and the cases.
struct case_list {
  std::deque<signature_text> texts;
  std::vector<operator_case> cases;

  void add(const signature &kernel) {
    const signature_text text = to_text(kernel);
    for (const operator_case &known : cases)
      if (known.text == text.view()) return;
    cases.push_back({texts.emplace_back(text).view()});
  }
  /// The members of kernel_set(net), from values: a set of types for all networks takes the compiler a
  /// minute.
  template <class Network> void add_network(Network) {
    add(preprocess_call<Network>().kernel);
    for (const kernel_group &group : kernel_groups<Network>) {
      add(group.fused.kernel);
      if (!group.fusible) continue;
      for (const kernel_call &part : group.split)
        add(part.kernel);
    }
  }
  template <class Network> void add_training(Network) {
    for (const step_call &call : step_calls<Network>)
      add(call.kernel);
    add(sgd_kernel);
  }
};

} // namespace

std::span<const operator_case> zoo_cases() {
  static const case_list all = [] {
    case_list list;
    const auto networks = hana::make_tuple(vgg11, vgg11_lrn, vgg13, vgg16_c, vgg16, vgg19, vgg16_notop,
                                           vgg16_cifar, fashion_vgg);
    hana::for_each(networks, [&](auto net) { list.add_network(net); });
    list.add_training(with_batch<64>(fashion_vgg));
    return list;
  }();
  return all.cases;
}

} // namespace vggen::test
