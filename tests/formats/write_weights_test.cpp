// What is written is read again as it was.
#include "formats/support.hpp"

#include <vggen/formats/vgg_transforms.hpp>
#include <vggen/formats/write_weights.hpp>

using namespace vggen;
using namespace vggen::test;

TEST_CASE("safetensors, Keras and ONNX hold the same network") {
  const temporary_folder folder;
  for (const char *name : {"tiny.safetensors", "tiny_bn.safetensors"}) {
    CAPTURE(name);
    const vgg_weights expected = open_vgg(weights_file(name));
    write_vgg_safetensors(folder.path / "w.safetensors", expected);
    check_same(open_vgg(folder.path / "w.safetensors"), expected);
    write_vgg_keras(folder.path / "w.h5", expected);
    vgg_weights again = open_vgg(folder.path / "w.h5");
    if (again.has_batch_norm()) CHECK(again.blocks[0][0].norm->epsilon == 1e-3);
    set_epsilon(again, 1e-5); // Keras's is another one, which changes the factors
    check_same(again, expected, 1e-6);
    write_vgg_onnx(folder.path / "w.onnx", expected);
    check_same(open_vgg(folder.path / "w.onnx"), expected);
  }
}

TEST_CASE("a network without a top, and one over an average") {
  const temporary_folder folder;
  vgg_weights weights = open_vgg(weights_file("tiny.safetensors"));
  CHECK(input_extent(weights) == 8);
  weights.top.clear();
  CHECK(input_extent(weights) == 0);
  write_vgg_onnx(folder.path / "w.onnx", weights);
  check_same(open_vgg(folder.path / "w.onnx"), weights);
  write_vgg_keras(folder.path / "w.h5", weights);
  check_same(open_vgg(folder.path / "w.h5"), weights);
}

TEST_CASE("metadata go along where the format has them") {
  const temporary_folder folder;
  vgg_weights weights = open_vgg(weights_file("tiny.safetensors"));
  weights.metadata = {{"preprocess", "caffe"}, {"labels", "[\"a\", \"b\", \"c\", \"d\", \"e\"]"}};
  write_vgg_safetensors(folder.path / "w.safetensors", weights);
  CHECK(open_vgg(folder.path / "w.safetensors").metadata.at("preprocess") == "caffe");
  write_vgg_onnx(folder.path / "w.onnx", weights);
  CHECK(open_vgg(folder.path / "w.onnx").metadata == weights.metadata);
}

TEST_CASE("progress goes to the end") {
  const temporary_folder folder;
  const vgg_weights weights = open_vgg(weights_file("tiny.safetensors"));
  for (const auto &write : std::initializer_list<std::function<void(const write_progress &)>>{
           [&](const write_progress &p) { write_vgg_safetensors(folder.path / "w.safetensors", weights, p); },
           [&](const write_progress &p) { write_vgg_keras(folder.path / "w.h5", weights, p); },
           [&](const write_progress &p) { write_vgg_onnx(folder.path / "w.onnx", weights, {}, p); }}) {
    double last = 0;
    write([&](double done) {
      CHECK(done >= last);
      last = done;
    });
    CHECK(last == 1);
  }
}

TEST_CASE("a folder that is not there is an error") {
  const vgg_weights weights = open_vgg(weights_file("tiny.safetensors"));
  const std::filesystem::path nowhere = "/nonexistent/w";
  for (const auto &write : std::initializer_list<std::function<void()>>{
           [&] { write_vgg_safetensors(nowhere, weights); }, [&] { write_vgg_keras(nowhere, weights); },
           [&] { write_vgg_onnx(nowhere, weights); }}) {
    const auto problem = error_of(write);
    REQUIRE(problem);
    CHECK(problem->code() == error_code::cannot_write);
  }
}
