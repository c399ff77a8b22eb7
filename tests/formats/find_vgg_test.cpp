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

TEST_CASE("an encoder is found in a larger network") {
  stored_weights larger = small();
  for (const char *name : {"side.weight", "decoder.0.weight", "conv2d_1.weight"})
    larger.tensors.push_back(tensor(name, {1, 6, 1, 1}));
  larger.tensors.push_back(tensor("scale", {}));
  CHECK(error_of([&] { static_cast<void>(find_vgg(larger)); }));
  const vgg_weights found = find_vgg(larger, vgg_part::encoder);
  REQUIRE(found.blocks.size() == 2);
  CHECK(found.blocks[0].size() == 1);
  CHECK(found.blocks[1].size() == 1);
  CHECK(found.blocks[1][0].weight.shape == std::vector<std::int64_t>{6, 4, 3, 3});
  CHECK(found.blocks[1][0].bias.name == "features.3.bias");
  CHECK(found.top.empty());
}

TEST_CASE("an encoder keeps its batch norms, and is refused if their names do not tell where they are") {
  stored_weights larger = small();
  named(larger, "features.3.weight").name = "features.4.weight";
  named(larger, "features.3.bias").name = "features.4.bias";
  const stored_weights plain = larger;
  const auto add_norms = [&](stored_weights &weights,
                             std::initializer_list<std::pair<const char *, int>> norms) {
    for (const auto &[name, outputs] : norms)
      for (const char *part : {".weight", ".bias", ".running_mean", ".running_var"})
        weights.tensors.push_back(tensor(std::string(name) + part, {outputs}));
  };
  add_norms(larger, {{"features.1", 4}, {"features.5", 6}, {"decoder.1", 9}});
  const vgg_weights found = find_vgg(larger, vgg_part::encoder);
  REQUIRE(found.has_batch_norm());
  CHECK(found.blocks[1][0].norm->running_mean.name == "features.5.running_mean");

  stored_weights unnamed = plain;
  add_norms(unnamed, {{"norm1", 4}, {"norm2", 6}});
  for (stored_tensor &t : unnamed.tensors) // conv1_1 and conv2_1, whose names tell no distance
    if (t.name.starts_with("features.")) t.name.replace(0, 10, t.name[9] == '0' ? "conv1_1" : "conv2_1");
  const auto problem = error_of([&] { static_cast<void>(find_vgg(unnamed, vgg_part::encoder)); });
  REQUIRE(problem);
  check_says(problem->what(), {"found batch norms, but none named"});
}

TEST_CASE("no encoder is found where none is named") {
  stored_weights other = small();
  std::erase_if(other.tensors, [](const stored_tensor &t) { return t.name.starts_with("features"); });
  const auto problem = error_of([&] { static_cast<void>(find_vgg(other, vgg_part::encoder)); });
  REQUIRE(problem);
  check_says(problem->what(), {"no convolutions"});
}
