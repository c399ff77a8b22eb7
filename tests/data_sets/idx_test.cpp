// open_idx against files made here, plain and compressed, whole and damaged, and against Debian's
// Fashion-MNIST.
#include "support.hpp"

#include <vggen/data/idx.hpp>

#include <zlib.h>

#include <array>
#include <sys/resource.h>

namespace {

using namespace support;
using vggen::dataset_part;
using vggen::error_code;

bytes big_endian(std::initializer_list<std::uint32_t> numbers) {
  bytes result;
  for (const std::uint32_t number : numbers)
    for (const int shift : {24, 16, 8, 0})
      result.push_back(static_cast<std::uint8_t>(number >> shift));
  return result;
}

bytes operator+(bytes a, const bytes &b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

bytes gzip(const bytes &content) {
  z_stream deflater = {};
  REQUIRE(deflateInit2(&deflater, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  bytes result(deflateBound(&deflater, static_cast<uLong>(content.size())) + 64);
  deflater.next_in = const_cast<Bytef *>(content.data());
  deflater.avail_in = static_cast<uInt>(content.size());
  deflater.next_out = result.data();
  deflater.avail_out = static_cast<uInt>(result.size());
  REQUIRE(deflate(&deflater, Z_FINISH) == Z_STREAM_END);
  result.resize(deflater.total_out);
  deflateEnd(&deflater);
  return result;
}

const bytes pixels = some_bytes(3 * 2 * 5);
const bytes images = big_endian({0x803, 3, 2, 5}) + pixels; // three of 2 x 5
const bytes labels = big_endian({0x801, 3}) + bytes{7, 0, 9};

void store_test_part(const fs::path &folder, const bytes &image_file, const bytes &label_file) {
  store(folder / "t10k-images-idx3-ubyte", image_file);
  store(folder / "t10k-labels-idx1-ubyte", label_file);
}

void check_refused(const bytes &image_file, const bytes &label_file, error_code code,
                   const std::string &part) {
  for (const bool compressed : {false, true}) {
    CAPTURE(compressed);
    const temporary_folder folder;
    store_test_part(folder.path, compressed ? gzip(image_file) : image_file,
                    compressed ? gzip(label_file) : label_file);
    check_error([&] { return vggen::open_idx(folder.path, dataset_part::test); }, code, part);
  }
}

TEST_CASE("pictures and labels are those of the files") {
  for (const bool compressed : {false, true}) {
    CAPTURE(compressed);
    const temporary_folder folder;
    const std::string suffix = compressed ? ".gz" : "";
    store(folder.path / ("train-images-idx3-ubyte" + suffix), compressed ? gzip(images) : images);
    store(folder.path / ("train-labels-idx1-ubyte" + suffix), compressed ? gzip(labels) : labels);
    const auto set = vggen::open_idx(folder.path, dataset_part::training);
    REQUIRE(set->size() == 3);
    CHECK(set->class_names() == std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
    CHECK(set->name(1) == "training image 1");
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(set->label(static_cast<std::int64_t>(i)) == labels[8 + i]);
      const vggen::image picture = set->read(static_cast<std::int64_t>(i));
      CHECK(picture.height == 2);
      CHECK(picture.width == 5);
      REQUIRE(picture.pixels.size() == 2 * 5 * 3);
      for (std::size_t v = 0; v < picture.pixels.size(); ++v)
        CHECK(picture.pixels[v] == pixels[i * 10 + v / 3]); // grey: three equal channels
    }
    check_error([&] { return vggen::open_idx(folder.path, dataset_part::test); }, error_code::cannot_open,
                "found neither t10k-images-idx3-ubyte nor t10k-images-idx3-ubyte.gz");
  }
}

TEST_CASE("gzip members that follow one another are one file") {
  const temporary_folder folder;
  const bytes front(images.begin(), images.begin() + 20);
  const bytes back(images.begin() + 20, images.end());
  store_test_part(folder.path, gzip(front) + gzip(back), labels);
  const auto set = vggen::open_idx(folder.path, dataset_part::test);
  REQUIRE(set->size() == 3);
  CHECK(set->read(2).pixels[0] == pixels[20]);
}

TEST_CASE("files that are not what they should be are refused") {
  const bytes cut_images(images.begin(), images.end() - 1);
  const bytes cut_labels(labels.begin(), labels.end() - 1);
  const bytes half_header(images.begin(), images.begin() + 10);
  check_refused(cut_images, labels, error_code::corrupt_file, "expected 46 with 3 images of 2 x 5");
  check_refused(images, cut_labels, error_code::corrupt_file, "expected 11 with 3 labels");
  check_refused(half_header, labels, error_code::corrupt_file, "expected 16 with its header");
  check_refused(images + bytes{0}, labels, error_code::corrupt_file, "data after its 46 bytes");
  check_refused(images, labels + bytes{0}, error_code::corrupt_file, "data after its 11 bytes");
  check_refused(labels + images, labels, error_code::unsupported, "starts with 00000801, expected 00000803");
  check_refused(images, images, error_code::unsupported, "starts with 00000803, expected 00000801");
  check_refused(images, big_endian({0x801, 2}) + bytes{1, 2}, error_code::mismatch, "2 labels, expected 3");
  check_refused(images, big_endian({0x801, 4}) + bytes{1, 2, 3, 4}, error_code::mismatch,
                "4 labels, expected 3");
  check_refused(images, big_endian({0x801, 3}) + bytes{1, 10, 3}, error_code::corrupt_file,
                "label 1: found 10, expected one of 10 classes");
  check_refused(big_endian({0x803, 0, 2, 5}), labels, error_code::corrupt_file, "found 0 images");
  check_refused(big_endian({0x803, 3, 0, 5}), labels, error_code::corrupt_file, "3 images of 0 x 5");
}

TEST_CASE("absurd counts allocate nothing") {
  constexpr std::uint32_t most = 0xffffffff;
  check_refused(big_endian({0x803, most, most, most}), labels, error_code::too_large,
                "expected sides of at most 4096");
  check_refused(big_endian({0x803, most, 4096, 4096}), labels, error_code::too_large, "4294967295 images");
  // 4 GiB are the limit: this asks for just that, of a few bytes.
  const bytes hungry = big_endian({0x803, 256, 4096, 4096}) + some_bytes(100);
  check_refused(hungry, labels, error_code::corrupt_file, "found 116 bytes");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // they reserve terabytes of addresses
  rlimit before = {};
  REQUIRE(getrlimit(RLIMIT_AS, &before) == 0);
  const rlimit limited = {std::size_t{1} << 29, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_AS, &limited) == 0);
  check_refused(hungry, labels, error_code::corrupt_file, "found 116 bytes");
  setrlimit(RLIMIT_AS, &before);
#endif
}

TEST_CASE("an empty or missing file is refused") {
  const temporary_folder folder;
  check_error([&] { return vggen::open_idx(folder.path / "none", dataset_part::test); },
              error_code::cannot_open, "found neither");
  store_test_part(folder.path, {}, labels);
  check_error([&] { return vggen::open_idx(folder.path, dataset_part::test); }, error_code::corrupt_file,
              "found 0 bytes");
  fs::remove(folder.path / "t10k-images-idx3-ubyte");
  fs::create_directory(folder.path / "t10k-images-idx3-ubyte");
  check_error([&] { return vggen::open_idx(folder.path, dataset_part::test); }, error_code::cannot_open,
              "found a directory");
}

TEST_CASE("no cut and no changed byte of a compressed file goes unnoticed") {
  const bytes whole = gzip(images);
  const temporary_folder folder;
  store_test_part(folder.path, whole, labels);
  const auto read_all = [&] {
    const auto set = vggen::open_idx(folder.path, dataset_part::test);
    bytes all;
    for (std::int64_t i = 0; i < set->size(); ++i) {
      const bytes one = set->read(i).pixels;
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  };
  const bytes expected = read_all();
  int refused = 0;
  const auto check = [&](const bytes &file) {
    store(folder.path / "t10k-images-idx3-ubyte", file);
    try {
      const bytes found = read_all();
      CHECK(found == expected); // a few bits mean nothing: those that fill up the last byte of deflate's
    } catch (const vggen::error &) {
      ++refused;
    }
  };
  for (std::size_t length = 0; length < whole.size(); ++length)
    check(bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
  CHECK(refused == static_cast<int>(whole.size()));
  refused = 0;
  for (std::size_t at = 10; at < whole.size();
       ++at) // the first ten bytes are gzip's header: flags, time, system
    for (const int bit : {0, 4}) {
      CAPTURE(at);
      bytes changed = whole;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ (1 << bit));
      check(changed);
    }
  CHECK(refused >= 2 * static_cast<int>(whole.size() - 10) - 2);
  store(folder.path / "t10k-images-idx3-ubyte", whole + bytes{1, 2, 3});
  check_error([&] { return vggen::open_idx(folder.path, dataset_part::test); }, error_code::corrupt_file,
              "gzip file: found");
}

TEST_CASE("Debian's Fashion-MNIST") {
  const fs::path folder = "/usr/share/datasets/fashion-mnist"; // scripts/setup.sh installs it
  const auto training = vggen::open_idx(folder, dataset_part::training, vggen::fashion_mnist_classes());
  const auto test = vggen::open_idx(folder, dataset_part::test, vggen::fashion_mnist_classes());
  CHECK(training->size() == 60000);
  REQUIRE(test->size() == 10000);
  CHECK(test->class_names()[9] == "Ankle boot");
  CHECK(test->name(17) == "test image 17");
  const std::array<int, 10> first_labels{9, 2, 1, 1, 6, 1, 4, 6, 5, 7};
  for (std::size_t i = 0; i < first_labels.size(); ++i)
    CHECK(test->label(static_cast<std::int64_t>(i)) == first_labels[i]);
  std::array<int, 10> of_class{};
  for (std::int64_t i = 0; i < training->size(); ++i)
    ++of_class[static_cast<std::size_t>(training->label(i))];
  for (const int count : of_class)
    CHECK(count == 6000);
}

} // namespace
