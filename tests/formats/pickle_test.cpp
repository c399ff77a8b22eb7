// Pickles by hand: what is read, and that nothing else is.
#include <vggen/formats/pickle.hpp>
#include <vggen/io/error.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

using namespace std::string_literals;
using vggen::error;
using vggen::error_code;
using vggen::detail::pickle;
using vggen::detail::pickle_value;
using kind = pickle_value::kind;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

error_code refusal(const std::string &program, std::string_view words = {}) {
  try {
    const pickle read(bytes_of(program), "file");
  } catch (const error &problem) {
    CHECK_MESSAGE(std::string_view(problem.what()).find(words) != std::string_view::npos, problem.what());
    return problem.code();
  }
  FAIL("nothing was thrown");
  return {};
}

// A storage of 6 floats called "7", and a call of _rebuild_tensor_v2 with an offset, a shape and strides.
std::string tensor(const std::string &offset, const std::string &shape, const std::string &strides) {
  const std::string storage = "(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0"
                              "7X\x03\0\0\0cpuK\x06tQ"s;
  return "\x80\x02"s + "ctorch._utils\n_rebuild_tensor_v2\n((" + storage.substr(1) + offset + shape +
         strides + "\x89N" + "tR.";
}

} // namespace

TEST_CASE("values of all kinds") {
  const std::string program =
      "\x80\x04(NK\x05M\x01\x02J\xff\xff\xff\xff\x88\x89G\x3f\xf8\0\0\0\0\0\0\x8c\x02hi]q\x01K\x01"
      "a}X\x01\0\0\0kK\x02st."s;
  const pickle read(bytes_of(program), "file");
  CHECK(read.size() == program.size());
  const auto &items = read.value().items;
  REQUIRE(items.size() == 10);
  CHECK(items[0]->is(kind::none));
  CHECK(items[1]->integer == 5);
  CHECK(items[2]->integer == 513);
  CHECK(items[3]->integer == -1);
  CHECK(items[4]->is(kind::boolean));
  CHECK(items[4]->integer == 1);
  CHECK(items[5]->integer == 0);
  CHECK(items[6]->real == 1.5);
  CHECK(items[7]->text == "hi");
  REQUIRE(items[8]->items.size() == 1);
  CHECK(items[8]->items[0]->integer == 1);
  REQUIRE(items[9]->find("k") != nullptr);
  CHECK(items[9]->find("k")->integer == 2);
  CHECK(items[9]->find("z") == nullptr);
}

TEST_CASE("long numbers") {
  CHECK(pickle(bytes_of("\x8a\x02\xe9\x03."s), "file").value().integer == 1001);
  CHECK(pickle(bytes_of("\x8a\x01\xff."s), "file").value().integer == -1);
  CHECK(pickle(bytes_of("\x8a\x00."s), "file").value().integer == 0);
}

TEST_CASE("a tensor is a view of a storage") {
  const std::string program = tensor("K\x01", "K\x01K\x02\x86", "K\x05K\x02\x86");
  const pickle read(bytes_of(program), "file");
  const pickle_value &value = read.value();
  REQUIRE(value.is(kind::tensor));
  CHECK(value.offset == 1);
  CHECK(value.shape == std::vector<std::int64_t>{1, 2});
  CHECK(value.strides == std::vector<std::int64_t>{5, 2});
  CHECK(value.storage->key == "7");
  CHECK(value.storage->count == 6);
}

TEST_CASE("a tensor must lie in its storage") {
  CHECK(refusal(tensor("K\x05", "K\x02\x85", "K\x01\x85"), "reaches out") == error_code::corrupt_file);
  CHECK(refusal(tensor("J\xff\xff\xff\xff", "K\x02\x85", "K\x01\x85"), "reaches out") ==
        error_code::corrupt_file);
  CHECK(refusal(tensor("K\x00"s, "K\x02\x85", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85"),
                "reaches out") == error_code::corrupt_file);
  CHECK(refusal(tensor("K\x00"s, "K\x07\x85", "K\x00\x85"s), "reaches out") ==
        error_code::corrupt_file); // expanded
  CHECK(refusal(tensor("K\x00"s, "K\x02K\x02\x86", "K\x01\x85")) == error_code::corrupt_file);
  CHECK(refusal(tensor("K\x00"s, "N\x85", "N\x85")) == error_code::corrupt_file);
}

TEST_CASE("nothing but tensors may be called") {
  CHECK(refusal("\x80\x02"
                "cos\nsystem\n(X\x02\0\0\0lstR."s,
                "\"os.system\"") == error_code::unsupported);
  CHECK(refusal("\x80\x04\x8c\x02os\x8c\x06system\x93."s, "\"os.system\"") == error_code::unsupported);
  CHECK(refusal("(ios\nsystem\n."s, "\"os.system\"") == error_code::unsupported);
  CHECK(refusal("cbuiltins\neval\n."s, "\"builtins.eval\"") == error_code::unsupported);
  CHECK(refusal("ccollections\nOrderedDict\nK\x01\x85R."s, "unusual") == error_code::unsupported);
  CHECK(refusal("ctorch\nFloatStorage\n)R."s, "unusual") == error_code::unsupported);
}

TEST_CASE("a damaged pickle is an error") {
  for (const std::string &program : {""s,
                                     "."s,
                                     "N"s,
                                     "\x80"s,
                                     "\x80\x02"s,
                                     "a."s,
                                     "(t"s,
                                     "t."s,
                                     "K"s,
                                     "X\xff\xff\xff\xff"s,
                                     "\x8d\xff\xff\xff\xff\xff\xff\xff\xff."s,
                                     "h\x05."s,
                                     "s."s,
                                     "NNs."s,
                                     "Na."s,
                                     "((ee."s,
                                     "ctorch"s,
                                     "R."s,
                                     "NR."s,
                                     "NNR."s,
                                     "b."s,
                                     "Q."s,
                                     "NQ."s,
                                     "2."s,
                                     "(2."s,
                                     "q\x01."s,
                                     "]K\x01(u."s,
                                     "}(K\x01u."s,
                                     "\xff."s})
    CHECK(refusal(program) == error_code::corrupt_file);
  CHECK(refusal("\x80\x09N."s, "protocol 9") == error_code::unsupported);
}

TEST_CASE("a pickle of more values than weights have is refused before it takes the memory") {
  CHECK(refusal(std::string(1'000'000, 'N') + ".", "more than") == error_code::too_large);
}

TEST_CASE("a value in itself is no trap") {
  const pickle read(bytes_of("]q\x01h\x01"
                             "a."s),
                    "file");
  CHECK(read.value().items[0] == &read.value());
}
