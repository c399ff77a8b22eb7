// find_vgg by itself: tensors that lead it astray.
#include "formats/support.hpp"

#include <functional>
#include <utility>

using namespace vggen;
using namespace vggen::test;

namespace {

stored_tensor tensor(std::string name, std::vector<std::int64_t> shape) {
  return {.name = std::move(name),
          .type = element_type::f32,
          .shape = std::move(shape),
          .read = [](std::span<float> to) { std::ranges::fill(to, 1.f); }};
}

stored_weights small() {
  stored_weights weights{
      .file = "file", .format = "PyTorch", .layout = weight_layout::torch, .tensors = {}, .metadata = {}};
  for (const auto &[name, shape] : std::initializer_list<std::pair<const char *, std::vector<std::int64_t>>>{
           {"features.0.weight", {4, 3, 3, 3}},
           {"features.0.bias", {4}},
           {"features.3.weight", {6, 4, 3, 3}},
           {"features.3.bias", {6}},
           {"classifier.0.weight", {5, 24}},
           {"classifier.0.bias", {5}}})
    weights.tensors.push_back(tensor(name, shape));
  return weights;
}

// What find_vgg says of the small network after a change.
std::string refusal(const std::function<void(stored_weights &)> &change) {
  stored_weights weights = small();
  change(weights);
  const auto problem = error_of([&] { static_cast<void>(find_vgg(weights)); });
  if (!problem) return "nothing was thrown";
  CHECK((problem->code() == error_code::mismatch || problem->code() == error_code::too_large));
  return problem->what();
}

stored_tensor &named(stored_weights &weights, std::string_view name) {
  return *std::ranges::find(weights.tensors, name, &stored_tensor::name);
}

void check_says(const std::string &message, std::initializer_list<const char *> words) {
  for (const char *word : words)
    CHECK_MESSAGE(message.find(word) != std::string::npos, message);
}

} // namespace

TEST_CASE("a small network is found") {
  const vgg_weights found = find_vgg(small());
  CHECK(found.blocks.size() == 2);
  CHECK(found.top.size() == 1);
}

TEST_CASE("what does not fit is listed") {
  check_says(refusal([](auto &w) { named(w, "features.3.weight").shape = {6, 5, 3, 3}; }),
             {"features.3.weight", "found the shape [6, 5, 3, 3], expected [6, 4, 3, 3]"});
  check_says(refusal([](auto &w) { named(w, "features.3.bias").shape = {7}; }),
             {"features.3.bias", "[7]", "[6]"});
  check_says(refusal([](auto &w) { named(w, "classifier.0.weight").shape = {5, 25}; }),
             {"25 inputs", "6 channels"});
  check_says(refusal([](auto &w) { w.tensors.push_back(tensor("classifier.3.bias", {5})); }),
             {"classifier.3"});
  check_says(refusal([](auto &w) { w.tensors.push_back(tensor("other", {5})); }), {"other"});
  check_says(refusal([](auto &w) { w.tensors.push_back(tensor("features.0.weight", {4, 3, 3, 3})); }),
             {"features.0.weight", "twice"});
  check_says(refusal([](auto &w) { named(w, "features.3.weight").name = "features.5.weight"; }),
             {"features.5", "5 places"});
  check_says(refusal([](auto &w) { w.tensors.clear(); }), {"no convolutions"});
  check_says(refusal([](auto &w) { w.tensors.push_back(tensor("features.1.running_mean", {4})); }),
             {"2 convolutions", "1 batch norms"});
}

TEST_CASE("hostile names and shapes are errors") {
  for (const char *name : {"x/vars/-1", "x/vars/-2", "x/vars/99999999999999999999", "x/vars/", "/vars/0",
                           "features.-2147483648.weight", "features.2147483647.weight",
                           "block-1_conv1.weight", "/", "//", ".", "..weight", "a/b", ""})
    check_says(refusal([&](auto &w) { w.tensors.push_back(tensor(name, {4, 4, 3, 3})); }), {"file: "});
  for (const std::vector<std::int64_t> &shape :
       {std::vector<std::int64_t>{0, 3, 3, 3}, {4, 0, 3, 3}, {4, 3, 0, 0}, {}, {4}, {4, 3, 3}})
    check_says(refusal([&](auto &w) { named(w, "features.0.weight").shape = shape; }), {"features.0"});
  check_says(refusal([](auto &w) {
               for (int i = 0; i < 20'000; ++i)
                 w.tensors.push_back(tensor("a" + std::to_string(i) + ".weight", {1}));
             }),
             {"tensors"});
}
