// load_parameters: every naming finds the same tensors, and whatever does not match is listed.
#include "vggen/io/error.hpp"
#include "vggen/io/load_parameters.hpp"
#include "vggen/io/write_safetensors.hpp"

#include <vggen/net/transform.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

using namespace vggen;
namespace fs = std::filesystem;
using extents = std::vector<std::int64_t>;

constexpr auto tiny =
    sequential(input<3, 8, 8>, repeat<2>(conv3x3<2>, relu), max_pool<2>, //
               conv3x3<4>, relu, max_pool<2>,                            //
               flatten, fully_connected<6>, relu, dropout<0.5>, fully_connected<5>, softmax);
constexpr auto tiny_notop = without_top(tiny);

template <class Network> constexpr std::span<const parameter_info> parameters_of(Network) {
  return parameter_infos<Network>;
}

// A folder of this test's own, gone when the test is over.
struct temporary_folder {
  fs::path path = fs::temp_directory_path() / ("vggen_load_parameters_test_" + std::to_string(getpid()));
  temporary_folder() { fs::create_directories(path); }
  ~temporary_folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  temporary_folder(const temporary_folder &) = delete;
  temporary_folder &operator=(const temporary_folder &) = delete;
};

struct tensor {
  extents shape;
  std::vector<float> values;
  element_type type = element_type::f32;
};
using tensors = std::map<std::string, tensor>;

// Values that no two elements of a network share.
tensor tensor_for(const parameter_info &parameter) {
  tensor result;
  result.shape.assign(parameter.extents.begin(), parameter.extents.begin() + parameter.rank);
  for (std::int64_t i = 0; i < parameter.size(); ++i)
    result.values.push_back(
        static_cast<float>(parameter.layer * 4000 + static_cast<int>(parameter.role) * 500 + i));
  return result;
}

using naming = short_name parameter_info::*;
constexpr naming torchvision_name = &parameter_info::module;
constexpr naming paper_name = &parameter_info::name;
constexpr naming keras_name = &parameter_info::keras;

std::string file_name_of(const parameter_info &parameter, naming how) {
  return std::string((parameter.*how).view()) + "." + std::string(parameter.suffix());
}

tensors file_for(std::span<const parameter_info> parameters, naming how = torchvision_name) {
  tensors all;
  for (const parameter_info &parameter : parameters)
    all[file_name_of(parameter, how)] = tensor_for(parameter);
  return all;
}

safetensors_file written(const temporary_folder &folder, const tensors &all,
                         const std::map<std::string, std::string> &metadata = {}) {
  std::vector<tensor_source> sources;
  for (const auto &[name, one] : all)
    sources.push_back({name, one.type, one.shape, bytes_in_memory(std::as_bytes(std::span(one.values)))});
  const fs::path path = folder.path / "weights.safetensors";
  write_safetensors(path, sources, metadata);
  return safetensors_file(path);
}

void check_values(std::span<const parameter_info> parameters, const loaded_parameters &loaded) {
  REQUIRE(loaded.tensors.size() == parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    CAPTURE(i);
    CHECK(std::ranges::equal(loaded.tensors[i], tensor_for(parameters[i]).values));
  }
}

// What load_parameters says of a file that holds `all`: the message without the file's name.
std::string refusal(std::span<const parameter_info> parameters, const tensors &all) {
  const temporary_folder folder;
  const safetensors_file file = written(folder, all);
  try {
    static_cast<void>(load_parameters(parameters, file));
  } catch (const error &problem) {
    CHECK(problem.code() == error_code::mismatch);
    const std::string message = problem.what();
    const std::string start = file.path().string() + ": ";
    REQUIRE(message.starts_with(start));
    return message.substr(start.size());
  }
  FAIL("nothing was thrown");
  return {};
}

std::string refusal(const tensors &all) { return refusal(parameters_of(tiny), all); }

TEST_CASE("each naming finds every tensor, where it lies in the file") {
  for (const naming how : {torchvision_name, paper_name, keras_name}) {
    const temporary_folder folder;
    const safetensors_file file = written(folder, file_for(parameters_of(tiny), how));
    const loaded_parameters loaded = load_parameters(parameters_of(tiny), file);
    check_values(parameters_of(tiny), loaded);
    CHECK(loaded.notes.empty());
    CHECK(loaded.copies.empty());
    for (std::size_t i = 0; i < loaded.tensors.size(); ++i) {
      const tensor_view *tensor = file.find(file_name_of(parameters_of(tiny)[i], how));
      REQUIRE(tensor != nullptr);
      CHECK(static_cast<const void *>(loaded.tensors[i].data()) == tensor->data.data());
    }
  }
}

TEST_CASE("batch norms have PyTorch's tensors, of which one is not needed") {
  constexpr auto normed = with_batch_norm(
      sequential(input<3, 8, 8>, conv3x3<4>, relu, max_pool<2>, flatten, fully_connected<5>, softmax));
  const auto &parameters = parameters_of(normed);
  tensors all = file_for(parameters);
  for (const char *name :
       {"features.1.weight", "features.1.bias", "features.1.running_mean", "features.1.running_var"})
    CHECK(all.contains(name));
  all["features.1.num_batches_tracked"] = {{}, {0, 0}, element_type::i64};
  const temporary_folder folder;
  const safetensors_file file = written(folder, all);
  const loaded_parameters loaded = load_parameters(parameters, file);
  check_values(parameters, loaded);
  CHECK(loaded.notes.empty());

  all.erase("features.1.running_var");
  CHECK(refusal(parameters, all) ==
        "bn1_1 running_var: found no tensor {features.1, bn1_1, block1_bn1}.running_var, expected F32 [4]");
}

TEST_CASE("the names are those that files use") {
  const auto names = [](naming how) {
    std::vector<std::string> all;
    for (const parameter_info &parameter : parameters_of(tiny))
      all.push_back(file_name_of(parameter, how));
    return all;
  };
  using list = std::vector<std::string>;
  CHECK(names(torchvision_name) == list{"features.0.weight", "features.0.bias", "features.2.weight",
                                        "features.2.bias", "features.5.weight", "features.5.bias",
                                        "classifier.0.weight", "classifier.0.bias", "classifier.3.weight",
                                        "classifier.3.bias"});
  CHECK(names(paper_name) == list{"conv1_1.weight", "conv1_1.bias", "conv1_2.weight", "conv1_2.bias",
                                  "conv2_1.weight", "conv2_1.bias", "fc3.weight", "fc3.bias", "fc4.weight",
                                  "fc4.bias"});
  CHECK(names(keras_name) == list{"block1_conv1.weight", "block1_conv1.bias", "block1_conv2.weight",
                                  "block1_conv2.bias", "block2_conv1.weight", "block2_conv1.bias",
                                  "fc1.weight", "fc1.bias", "predictions.weight", "predictions.bias"});
}

TEST_CASE("a file may mix the namings") {
  const naming order[] = {torchvision_name, paper_name, keras_name};
  tensors all;
  std::size_t next = 0;
  for (const parameter_info &parameter : parameters_of(tiny))
    all[file_name_of(parameter, order[next++ % 3])] = tensor_for(parameter);
  const temporary_folder folder;
  const safetensors_file file = written(folder, all);
  check_values(parameters_of(tiny), load_parameters(parameters_of(tiny), file));
}

TEST_CASE("a name that two namings share is read in the one that the file uses") {
  // After one pool the paper counts fc2, fc3, fc4, and Keras fc1, fc2, predictions; here all of one shape.
  constexpr auto clash = sequential(input<1, 4, 4>, conv3x3<2>, relu, max_pool<2>, flatten,
                                    fully_connected<8>, relu, fully_connected<8>, relu, fully_connected<8>);
  for (const naming how : {torchvision_name, paper_name, keras_name}) {
    const temporary_folder folder;
    const safetensors_file file = written(folder, file_for(parameters_of(clash), how));
    check_values(parameters_of(clash), load_parameters(parameters_of(clash), file));
  }
}

TEST_CASE("tensors that the file does not align are copied, and stay where they are") {
  const std::span<const parameter_info> parameters = parameters_of(tiny);
  for (std::size_t shift = 0; shift < 4; ++shift) {
    CAPTURE(shift);
    std::string header = "{";
    std::string data;
    for (const parameter_info &parameter : parameters) {
      const tensor one = tensor_for(parameter);
      std::string shape;
      for (const std::int64_t extent : one.shape)
        shape += (shape.empty() ? "" : ",") + std::to_string(extent);
      header += (data.empty() ? "" : ",") + std::string("\"") + file_name_of(parameter, torchvision_name) +
                R"(":{"dtype":"F32","shape":[)" + shape + R"(],"data_offsets":[)" +
                std::to_string(data.size()) + ",";
      data.append(reinterpret_cast<const char *>(one.values.data()), one.values.size() * sizeof(float));
      header += std::to_string(data.size()) + "]}";
    }
    header += "}";
    header.append(4 - header.size() % 4 + shift, ' ');
    const std::uint64_t length = header.size();
    const temporary_folder folder;
    const fs::path path = folder.path / "unaligned.safetensors";
    std::ofstream(path, std::ios::binary)
        << std::string(reinterpret_cast<const char *>(&length), sizeof length) << header << data;

    const safetensors_file file(path);
    loaded_parameters loaded = load_parameters(parameters, file);
    CHECK(loaded.copies.size() == (shift == 0 ? 0 : parameters.size()));
    const loaded_parameters moved = std::move(loaded);
    check_values(parameters, moved);
    for (const std::span<const float> values : moved.tensors)
      CHECK(reinterpret_cast<std::uintptr_t>(values.data()) % alignof(float) == 0);
  }
}

TEST_CASE("a missing tensor is named by its layer and by all names it could have") {
  tensors all = file_for(parameters_of(tiny));
  all.erase("features.2.weight");
  CHECK(refusal(all) == "conv1_2 weight: found no tensor {features.2, conv1_2, block1_conv2}.weight, "
                        "expected F32 [2, 2, 3, 3]");
  all.erase("classifier.3.bias");
  CHECK(refusal(all) ==
        "found 2 mismatches with the 10 tensors of the network:\n"
        "  conv1_2 weight: found no tensor {features.2, conv1_2, block1_conv2}.weight, "
        "expected F32 [2, 2, 3, 3]\n"
        "  fc4 bias: found no tensor {classifier.3, fc4, predictions}.bias, expected F32 [5]");
}

TEST_CASE("a shape that does not match is told, and a classifier of other classes is called so") {
  tensors all = file_for(parameters_of(tiny), paper_name);
  all["conv2_1.weight"].shape = {3, 3, 2, 4}; // as Keras stores it
  CHECK(refusal(all) == "conv2_1 weight (\"conv2_1.weight\"): found the shape [3, 3, 2, 4], "
                        "expected [4, 2, 3, 3]");
  all["conv2_1.weight"].shape = extents(70, 1);
  all["conv2_1.weight"].shape.front() = 72;
  CHECK(refusal(all) ==
        "conv2_1 weight (\"conv2_1.weight\"): found the shape [72, 1, 1, 1, 1, 1, 1, 1, ...], "
        "expected [4, 2, 3, 3]");

  all = file_for(parameters_of(with_classes<10>(tiny)));
  CHECK(refusal(all) == "found 2 mismatches with the 10 tensors of the network:\n"
                        "  fc4 weight (\"classifier.3.weight\"): found the shape [10, 6] (10 classes), "
                        "expected [5, 6] (5 classes)\n"
                        "  fc4 bias (\"classifier.3.bias\"): found the shape [10] (10 classes), "
                        "expected [5] (5 classes)");

  all = file_for(parameters_of(tiny));
  all["classifier.3.bias"] = {{}, {1}};
  CHECK(refusal(all) == "fc4 bias (\"classifier.3.bias\"): found the shape [], expected [5]");
  all = file_for(parameters_of(tiny));
  all["classifier.0.bias"] = {{7}, std::vector<float>(7)};
  CHECK(refusal(all) == "fc3 bias (\"classifier.0.bias\"): found the shape [7], expected [6]");
}

TEST_CASE("another element type is refused, never converted") {
  tensors all = file_for(parameters_of(tiny));
  all["features.0.bias"] = {{2}, {0}, element_type::f16};
  CHECK(refusal(all) == "conv1_1 bias (\"features.0.bias\"): found F16, expected F32");
  all["features.0.bias"] = {{2}, {0, 0}, element_type::i32};
  CHECK(refusal(all) == "conv1_1 bias (\"features.0.bias\"): found I32, expected F32");
  all["features.0.bias"] = {{4}, {0, 0}, element_type::bf16};
  CHECK(refusal(all) == "found 2 mismatches with the 10 tensors of the network:\n"
                        "  conv1_1 bias (\"features.0.bias\"): found BF16, expected F32\n"
                        "  conv1_1 bias (\"features.0.bias\"): found the shape [4], expected [2]");
}

TEST_CASE("a tensor that is given under several names is refused, and each of them is checked") {
  tensors all = file_for(parameters_of(tiny));
  all["conv1_1.bias"] = all["features.0.bias"];
  CHECK(refusal(all) == "conv1_1 bias: found it 2 times, as \"conv1_1.bias\" and \"features.0.bias\", "
                        "expected it once");
  all["block1_conv1.bias"] = {{1}, {0}};
  CHECK(refusal(all) == "found 2 mismatches with the 10 tensors of the network:\n"
                        "  conv1_1 bias: found it 3 times, as \"block1_conv1.bias\" and \"conv1_1.bias\" and "
                        "\"features.0.bias\", expected it once\n"
                        "  conv1_1 bias (\"block1_conv1.bias\"): found the shape [1], expected [2]");
}

TEST_CASE("a tensor that does not belong to the network is refused") {
  tensors all = file_for(parameters_of(tiny));
  all["features.7.weight"] = {{1}, {0}};
  CHECK(refusal(all) == "\"features.7.weight\": found a tensor that this network does not have");
  all["classifier.6.bias"] = {{1}, {0}}; // the network has a classifier, so this is not one it does without
  CHECK(refusal(all) == "found 2 mismatches with the 10 tensors of the network:\n"
                        "  \"classifier.6.bias\": found a tensor that this network does not have\n"
                        "  \"features.7.weight\": found a tensor that this network does not have");
  all = file_for(parameters_of(tiny));
  all["two\nlines\xc3\xbc"] = {{1}, {0}};
  CHECK(refusal(all) == "\"two\\nlines\xc3\xbc\": found a tensor that this network does not have");
}

TEST_CASE("many problems are grouped and none is left out") {
  tensors all;
  for (const parameter_info &parameter : parameters_of(tiny))
    all["module." + file_name_of(parameter, torchvision_name)] = tensor_for(parameter);
  all["fc4.bias"] = {{2}, {0}, element_type::f16};
  const std::string message = refusal(all);
  CAPTURE(message);
  CHECK(message.starts_with("found 21 mismatches with the 10 tensors of the network:\n"
                            "missing:\n"
                            "  conv1_1 weight: found no tensor {features.0, conv1_1, block1_conv1}.weight, "
                            "expected F32 [2, 3, 3, 3]\n"));
  CHECK(message.find("\nof another type:\n"
                     "  fc4 bias (\"fc4.bias\"): found F16, expected F32\n"
                     "of another shape:\n"
                     "  fc4 bias (\"fc4.bias\"): found the shape [2] (2 classes), expected [5] (5 classes)\n"
                     "not of this network:\n"
                     "  \"module.classifier.0.bias\": ") != std::string::npos);
  CHECK(std::ranges::count(message, '\n') == 21 + 4);
  for (const char *name : {"features.0", "features.2", "features.5", "classifier.0", "classifier.3"})
    for (const char *kind : {"weight", "bias"})
      CHECK(message.find("\"module." + std::string(name) + "." + kind + "\"") != std::string::npos);
}

TEST_CASE("more foreign tensors than anyone reads are counted") {
  tensors all = file_for(parameters_of(tiny));
  for (int i = 1000; i < 1250; ++i)
    all["x" + std::to_string(i)] = {{1}, {0}};
  const std::string message = refusal(all);
  CHECK(message.starts_with("found 250 mismatches with the 10 tensors of the network:\n"));
  CHECK(message.find("\"x1099\": ") != std::string::npos);
  CHECK(message.find("\"x1100\": ") == std::string::npos);
  CHECK(message.ends_with("\n  and 150 more that it does not have"));
}

TEST_CASE("a network without a top ignores one in the file, with one note") {
  for (const naming how : {torchvision_name, paper_name, keras_name}) {
    const temporary_folder folder;
    const safetensors_file file = written(folder, file_for(parameters_of(tiny), how));
    const loaded_parameters loaded = load_parameters(parameters_of(tiny_notop), file);
    check_values(parameters_of(tiny_notop), loaded);
    REQUIRE(loaded.notes.size() == 1);
    const std::string &note = loaded.notes.front();
    CHECK(note.starts_with(file.path().string() +
                           ": ignored the classifier, which this network does not have: \""));
    for (const parameter_info &parameter : parameters_of(tiny).last(4))
      CHECK(note.find("\"" + file_name_of(parameter, how) + "\"") != std::string::npos);
    CHECK(note.find('\n') == std::string::npos);
  }
}

TEST_CASE("without a top, names that only look like a classifier's are still refused") {
  for (const char *name : {"fc.weight", "fcx6.weight", "fc6", "features.7.weight", "conv9_9.bias",
                           "classifier", "predictions", "fc"}) {
    tensors all = file_for(parameters_of(tiny));
    all[name] = {{1}, {0}};
    CHECK(refusal(parameters_of(tiny_notop), all) ==
          "\"" + std::string(name) + "\": found a tensor that this network does not have");
  }
}

TEST_CASE("a note of a huge classifier stays short") {
  tensors all = file_for(parameters_of(tiny_notop));
  for (int i = 1000; i < 1250; ++i)
    all["classifier." + std::to_string(i) + ".bias"] = {{1}, {0}};
  const temporary_folder folder;
  const safetensors_file file = written(folder, all);
  const loaded_parameters loaded = load_parameters(parameters_of(tiny_notop), file);
  REQUIRE(loaded.notes.size() == 1);
  CHECK(loaded.notes.front().ends_with("\"classifier.1099.bias\" and 150 more"));
}

TEST_CASE("a fully convolutional classifier takes fully connected weights too") {
  constexpr auto dense = fully_convolutional(tiny);
  const std::span<const parameter_info> parameters = parameters_of(dense);
  const temporary_folder folder;
  tensors all = file_for(parameters); // [6, 4, 2, 2], [5, 6, 1, 1]
  check_values(parameters, load_parameters(parameters, written(folder, all)));

  all["classifier.0.weight"].shape = {6, 16};
  all["classifier.3.weight"].shape = {5, 6};
  check_values(parameters, load_parameters(parameters, written(folder, all)));

  all["classifier.0.weight"].shape = {16, 6};
  CHECK(refusal(parameters, all) == "fc3 weight (\"classifier.0.weight\"): found the shape [16, 6], expected "
                                    "[6, 4, 2, 2] or [6, 16]");
  // Not the other way round: [6, 2, 2, 4] would look the same, its numbers in another order.
  all = file_for(parameters);
  CHECK(refusal(all).find("(\"classifier.0.weight\"): found the shape [6, 4, 2, 2], expected [6, 16]") !=
        std::string::npos);
  // Nor for the convolutions of the features.
  all = file_for(parameters_of(tiny));
  all["features.5.weight"].shape = {4, 18};
  CHECK(refusal(all).find("found the shape [4, 18], expected [4, 2, 3, 3]") != std::string::npos);
}

TEST_CASE("metadata are no tensors, and say what preprocessing the weights want") {
  const temporary_folder folder;
  const tensors all = file_for(parameters_of(tiny));
  CHECK(preprocess_of(written(folder, all)) == std::nullopt);
  CHECK(preprocess_of(written(folder, all, {{"format", "pt"}})) == std::nullopt);
  const safetensors_file file = written(folder, all, {{"format", "pt"}, {"preprocess", "caffe"}});
  CHECK(preprocess_of(file) == "caffe");
  check_values(parameters_of(tiny), load_parameters(parameters_of(tiny), file));
}

// Packed weights of two layers of `tiny`: conv1_1 for two layouts, conv2_1 for one.
const std::vector<packed_weights_info> tiny_packed{{.parameter = 0, .key = "aa", .size = 64},
                                                   {.parameter = 0, .key = "bb", .size = 48},
                                                   {.parameter = 4, .key = "aa", .size = 80}};

tensors packed_file() {
  tensors all = file_for(parameters_of(tiny));
  all.erase("features.0.weight");
  all["features.0.weight@aa"] = {{64}, std::vector<float>(64, 1.5f)};
  return all;
}

std::string packed_refusal(const tensors &all, const std::map<std::string, std::string> &metadata = {}) {
  const temporary_folder folder;
  const safetensors_file file = written(folder, all, metadata);
  try {
    static_cast<void>(load_parameters(parameters_of(tiny), file, tiny_packed));
  } catch (const error &problem) {
    CHECK(problem.code() == error_code::mismatch);
    return problem.what();
  }
  return "nothing was thrown";
}

TEST_CASE("packed weights stand in for a parameter, on a cache line") {
  const temporary_folder folder;
  const safetensors_file file = written(folder, packed_file());
  const loaded_parameters loaded = load_parameters(parameters_of(tiny), file, tiny_packed);
  REQUIRE(loaded.packed.size() == tiny_packed.size());
  REQUIRE(loaded.packed[0] != nullptr);
  CHECK(std::ranges::all_of(std::span(loaded.packed[0], 64), [](float v) { return v == 1.5f; }));
  CHECK(reinterpret_cast<std::uintptr_t>(loaded.packed[0]) % 64 == 0);
  CHECK(loaded.packed[1] == nullptr);
  CHECK(loaded.packed[2] == nullptr);
  CHECK(loaded.tensors[0].empty());
  const std::vector<const float *> sources = loaded.sources();
  CHECK(sources[0] == nullptr);
  CHECK(std::ranges::count(sources, nullptr) == 1);
}

TEST_CASE("weights packed for other kernels are not taken for these") {
  tensors all = packed_file();
  all["features.0.weight@cc"] = {{64},
                                 std::vector<float>(64, 2.f)}; // beside those of this program: passed over
  {
    const temporary_folder folder;
    const safetensors_file file = written(folder, all);
    CHECK(load_parameters(parameters_of(tiny), file, tiny_packed).packed[0][0] == 1.5f);
  }
  all.erase("features.0.weight@aa");
  const std::string message = packed_refusal(all, {{"packed_for", "tiny x86-64"}});
  for (const char *words :
       {"conv1_1 weight", "features.0.weight@cc", "other kernels", "\"tiny x86-64\"", "[2, 3, 3, 3]"})
    CHECK_MESSAGE(message.find(words) != std::string::npos, message);
  CHECK(message.find("by this build of the program") != std::string::npos);
  // a reader of plain files only wants a plain one
  CHECK(refusal(all).find("other kernels") != std::string::npos);
  CHECK(refusal(all).find("by this build") == std::string::npos);
  // with the parameter as it is, they do no harm
  all["features.0.weight"] = tensor_for(parameters_of(tiny)[0]);
  const temporary_folder folder;
  const safetensors_file file = written(folder, all);
  check_values(parameters_of(tiny), load_parameters(parameters_of(tiny), file, tiny_packed));
}

TEST_CASE("packed weights of a wrong size, type or name are refused") {
  tensors all = packed_file();
  all["features.0.weight@aa"] = {{63}, std::vector<float>(63)};
  CHECK(packed_refusal(all).find("found F32 [63], expected F32 [64]") != std::string::npos);
  all["features.0.weight@aa"] = {{8, 8}, std::vector<float>(64)};
  CHECK(packed_refusal(all).find("found F32 [8, 8], expected F32 [64]") != std::string::npos);
  all["features.0.weight@aa"] = {{64}, std::vector<float>(64), element_type::i32};
  CHECK(packed_refusal(all).find("found I32 [64], expected F32 [64]") != std::string::npos);
  all = packed_file();
  all["conv1_1.weight@aa"] = all["features.0.weight@aa"];
  all["conv1_1.bias"] = all["features.0.bias"]; // so that the file has that naming, too
  all.erase("features.0.bias");
  CHECK(packed_refusal(all).find("found it 2 times") != std::string::npos);
  all = packed_file();
  all["features.99.weight@aa"] = {{64}, std::vector<float>(64)};
  CHECK(packed_refusal(all).find("features.99.weight@aa") != std::string::npos);
  all = packed_file();
  all.erase("features.0.weight@aa");
  CHECK(packed_refusal(all).find("found no tensor") != std::string::npos);
}

} // namespace
