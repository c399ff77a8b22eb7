// The same network in each framework's file is the same network here, to the last bit.
#include "formats/support.hpp"

using namespace vggen;
using namespace vggen::test;

TEST_CASE("every format gives the same parameters") {
  const vgg_weights expected = open_vgg(weights_file("tiny.safetensors"));
  CHECK_FALSE(expected.has_batch_norm());
  REQUIRE(expected.blocks.size() == 2);
  CHECK(expected.blocks[0].size() == 2);
  CHECK(expected.blocks[1].size() == 1);
  CHECK(expected.top.size() == 3);
  for (const char *name : {"tiny.pth", "tiny_stream.pth", "tiny_checkpoint.pth", "tiny_strided.pth",
                           "tiny_keras1.h5", "tiny_keras2_whole.h5", "tiny_keras3_named.weights.h5",
                           "tiny.onnx", "tiny_transposed.onnx", "tiny_external.onnx"}) {
    CAPTURE(name);
    check_same(open_vgg(weights_file(name)), expected);
  }
  check_same(open_vgg(weights_file("tiny_half.pth")), expected, 1e-3);
}

TEST_CASE("batch norms are found with their convolutions") {
  const vgg_weights expected = open_vgg(weights_file("tiny_bn.safetensors"));
  REQUIRE(expected.has_batch_norm());
  CHECK(expected.blocks[1][0].norm->epsilon == 1e-5);
  for (const char *name : {"tiny_bn.pth", "tiny_bn.onnx"}) {
    CAPTURE(name);
    check_same(open_vgg(weights_file(name)), expected);
  }
}

TEST_CASE("blocks that nothing names are those of the configuration with as many convolutions") {
  check_same(open_vgg(weights_file("tiny_a_keras3.weights.h5")),
             open_vgg(weights_file("tiny_a.safetensors")));
  const vgg_weights norms = open_vgg(weights_file("tiny_a_bn_keras3.weights.h5"));
  check_same(norms, open_vgg(weights_file("tiny_a_bn.safetensors")));
  CHECK(norms.blocks[0][0].norm->epsilon == 1e-3);
  // 3 convolutions are no published configuration
  const auto problem = error_of([] { static_cast<void>(open_vgg(weights_file("tiny_keras3.weights.h5"))); });
  REQUIRE(problem);
  CHECK(problem->code() == error_code::mismatch);
  CHECK(std::string(problem->what()).find("3 convolutions") != std::string::npos);
}

TEST_CASE("Keras's lists of names may be in pieces") {
  // names that only layer_names0, layer_names1, … put in the order of the model
  check_same(open_vgg(weights_file("tiny_a_keras2_pieces.h5")), open_vgg(weights_file("tiny_a.safetensors")));
}

TEST_CASE("what is no state dict is refused, with the name of what it would call") {
  const auto problem = error_of([] { static_cast<void>(open_vgg(weights_file("tiny_module.pth"))); });
  REQUIRE(problem);
  CHECK(problem->code() == error_code::unsupported);
  CHECK(std::string(problem->what()).find("torch.nn.modules.container.Sequential") != std::string::npos);
}

TEST_CASE("the file may be gone once its tensors are") {
  const temporary_folder folder;
  const auto path = store(folder.path / "w.pth", content_of(weights_file("tiny.pth")));
  const vgg_weights weights = open_vgg(path);
  std::filesystem::remove(path); // the tensors keep it open
  check_same(weights, open_vgg(weights_file("tiny.pth")));
}
