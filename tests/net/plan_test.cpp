// Signatures and the plan of a run, checked by a second, slower look at what they promise.
#include <vggen/net/plan.hpp>
#include <vggen/net/zoo.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

using namespace vggen;

namespace {

std::string text(const signature &s) { return std::string(to_text(s).view()); }

template <class Network> std::vector<kernel_call> calls_of(bool split) {
  std::vector<kernel_call> calls{preprocess_call<Network>()};
  for (const kernel_group &group : kernel_groups<Network>) {
    if (split && group.fusible)
      calls.insert(calls.end(), group.split.begin(), group.split.end());
    else
      calls.push_back(group.fused);
  }
  return calls;
}

// Plays a run through a map of the arena: who wrote each byte last.
template <class Network> void check_plan(const Network &net) {
  constexpr auto &places = tensor_places<Network>;
  for (const bool split : {false, true}) {
    CAPTURE(split);
    const std::int64_t unit = arena_alignment;
    std::vector<int> owner(static_cast<std::size_t>(arena_bytes(net) / unit), -1);
    const auto place = [&](int tensor) { return places[static_cast<std::size_t>(tensor)]; };
    const auto owned = [&](int tensor) {
      const auto first = owner.begin() + place(tensor).offset / unit;
      return std::all_of(first, first + place(tensor).bytes / unit, [&](int o) { return o == tensor; });
    };
    for (const kernel_call &call : calls_of<Network>(split)) {
      CAPTURE(text(call.kernel));
      const tensor_place out = place(call.output);
      REQUIRE(out.stored);
      CHECK(out.offset % unit == 0);
      CHECK(out.bytes >= call.kernel.output_size() * Network::batch * 4);
      CHECK(out.offset + out.bytes <= arena_bytes(net));
      CHECK(out.halo == call.kernel.output_halo);
      std::fill_n(owner.begin() + out.offset / unit, out.bytes / unit, call.output);
      if (call.input < 0) continue;
      REQUIRE(place(call.input).stored);
      CHECK(owned(call.input)); // also now that the output is written: they do not overlap
      CHECK(place(call.input).halo == call.kernel.input_halo);
      CHECK(place(call.input).bytes >= call.kernel.input_size() * Network::batch * 4);
    }
    for (int i = 0; i < static_cast<int>(Network::layer_count); ++i)
      if (is_feature<Network>(i)) CHECK(owned(i));
  }
}

template <class Network> void check_signatures(const Network &) {
  for (const bool split : {false, true})
    for (const kernel_call &call : calls_of<Network>(split)) {
      const auto parsed = parse_signature(text(call.kernel));
      CAPTURE(text(call.kernel));
      REQUIRE(parsed);
      CHECK(*parsed == call.kernel);
    }
}

template <class... Networks> void check_all(const Networks &...nets) {
  (check_plan(nets), ...);
  (check_signatures(nets), ...);
}

// The distinct kernels of one operation, whatever the next layer wants around its input.
template <class Network> std::set<std::string> shapes_of(const Network &, operation op) {
  std::set<std::string> texts;
  for (const kernel_call &call : calls_of<Network>(true)) {
    signature s = call.kernel;
    if (s.op != op) continue;
    s.output_halo = false;
    texts.insert(text(s));
  }
  return texts;
}

} // namespace

TEST_CASE("every call reads what an earlier one wrote, and nothing overlaps") {
  check_all(vgg11, vgg11_lrn, vgg13, vgg16_c, vgg16, vgg19);
  check_all(vgg16_notop, vgg16_cifar, fashion_vgg, fully_convolutional(vgg16));
  check_all(with_batch<8>(vgg11), with_batch<8>(vgg11_lrn), with_batch<8>(vgg13), with_batch<8>(vgg16_c),
            with_batch<8>(vgg16), with_batch<8>(vgg19));
  check_all(with_batch<8>(vgg16_notop), with_batch<8>(vgg16_cifar), with_batch<8>(fashion_vgg),
            with_batch<8>(fully_convolutional(vgg16)));
  check_all(with_input<3, 75, 101>(vgg16_notop), with_width<1, 3>(vgg13), with_boxes<1000>(vgg16));
  check_all(vgg11_bn, with_batch<8>(vgg16_bn), with_adaptive_pool<7, 7>(with_input<3, 320, 256>(vgg16_bn)),
            with_top(vgg16, global_average_pool, fully_connected<10>, softmax));
  check_all(with_features<"conv1_1", "conv1_2", "pool3", "conv5_3", "drop6", "fc8">(vgg16),
            with_batch<2>(with_features<"conv1_2", "conv2_1", "conv4_2">(vgg16_notop)));
}

TEST_CASE("the arena of VGG16 is what its two largest neighbours need") {
  // conv1_1's output and conv1_2's, unpooled, with a halo around the first
  CHECK(arena_bytes(vgg16) >= (64 * 226 * 226 + 64 * 224 * 224) * 4);
  CHECK(arena_bytes(vgg16) < 30'000'000);
}

TEST_CASE("with batch norms, inference has the same kernels as without") {
  const auto texts_of = [](auto net) {
    std::vector<std::string> texts;
    for (const kernel_call &call : calls_of<decltype(net)>(false))
      texts.push_back(text(call.kernel));
    return texts;
  };
  CHECK(texts_of(vgg16_bn) == texts_of(vgg16));
}

TEST_CASE("a fused kernel does what its two parts do") {
  for (const kernel_group &group : kernel_groups<std::remove_cv_t<decltype(vgg16)>>) {
    if (!group.fusible) continue;
    const signature fused = group.fused.kernel, first = group.split[0].kernel, second = group.split[1].kernel;
    CHECK(fused.pool);
    CHECK(!first.pool);
    CHECK(second.op == operation::max_pool);
    CHECK(second.output_height() == fused.output_height());
    CHECK(second.channels == first.outputs);
    CHECK(second.output_halo == fused.output_halo);
    CHECK(group.split[0].input == group.fused.input);
    CHECK(group.split[1].output == group.fused.output);
    CHECK(group.split[1].input == group.split[0].output);
  }
}

TEST_CASE("networks share kernels") {
  struct {
    operation op;
    std::size_t count;
  } const shared[] = {{operation::conv3x3, 9}, {operation::max_pool, 5}, {operation::fully_connected, 3}};
  for (const auto &[op, count] : shared) {
    CAPTURE(std::string(name_of(op)));
    const auto in_13 = shapes_of(vgg13, op);
    CHECK(in_13.size() == count);
    CHECK(shapes_of(vgg16, op) == in_13);
    CHECK(shapes_of(vgg19, op) == in_13);
  }
  // as sets of types
  constexpr auto of_16 = kernel_set(vgg16);
  CHECK(decltype(hana::size(of_16))::value == 28);
}

TEST_CASE("a signature reads as it is written") {
  const signature s{.op = operation::conv3x3,
                    .batch = 2,
                    .height = 56,
                    .width = 57,
                    .channels = 256,
                    .outputs = 128,
                    .bias = true,
                    .relu = true,
                    .pool = true,
                    .input_halo = true,
                    .output_halo = true};
  CHECK(text(s) == "conv3x3.forward n2 56x57 c256 k128 bias+relu+max-pool out-halo f32");
  CHECK(s.output_height() == 28);
  CHECK(s.output_width() == 28);
  CHECK(s.multiply_adds() == std::int64_t{2} * 56 * 57 * 256 * 128 * 9);
  CHECK(s.input_size() == 256 * 58 * 59);
  CHECK(s.output_size() == 128 * 30 * 30);
}

TEST_CASE("the longest text has room") {
  const std::string longest =
      "adaptive_average_pool.backward-weights n999999999 999999999x999999999 c999999999 k999999999 "
      "f999999999x999999999 bias+relu+max-pool in-halo out-halo dynamic f32";
  const auto parsed = parse_signature(longest);
  REQUIRE(parsed);
  CHECK(text(*parsed) == longest);
  signature most = *parsed;
  for (int *number : {&most.batch, &most.height, &most.width, &most.channels, &most.outputs,
                      &most.filter_height, &most.filter_width})
    *number = std::numeric_limits<int>::max();
  CHECK(text(most).size() == longest.size() + 7); // a digit more each
  CHECK(text(most).size() <= signature_text{}.text.size());
}

TEST_CASE("what is not canonical is no signature") {
  for (const char *wrong :
       {"", "conv3x3", "conv3x3.forward", "conv3x3.forward n1 56x56 c256 k256 bias+relu",
        "conv9.forward n1 1x1 c1 f32", "conv3x3.sideways n1 1x1 c1 k1 f32",
        "conv3x3.forward n0 1x1 c1 k1 f32", "conv3x3.forward n1 1 c1 k1 f32",
        "conv3x3.forward n1 1x1 c1 k1 relu+bias f32", "conv3x3.forward n1 1x1 c1 k1 bias+bias f32",
        "conv3x3.forward n1 1x1 c1 k1 f32 ", " conv3x3.forward n1 1x1 c1 k1 f32",
        "conv3x3.forward n1 1x1 c1 k1 f64", "conv3x3.forward n1  1x1 c1 k1 f32",
        "conv3x3.forward n1 1x1 c01 k1 f32", "conv3x3.forward n1 1x1 c1 k1 f32 f32",
        "conv3x3.forward n99999999999 1x1 c1 k1 f32", "conv3x3.forward n1 1x1 c-1 k1 f32"}) {
    CAPTURE(wrong);
    CHECK(!parse_signature(wrong));
  }
}
