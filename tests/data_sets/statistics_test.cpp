// find_statistics against naive sums, known data sets, and itself on other numbers of threads.
#include "support.hpp"

#include <vggen/data/folder.hpp>
#include <vggen/data/idx.hpp>
#include <vggen/data/statistics.hpp>
#include <vggen/io/write_png.hpp>

#include <cmath>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace {

using namespace support;
using vggen::error_code;
using vggen::find_statistics;
using vggen::matrix3;

// Pictures whose channels go together, so that the components are not those of noise.
std::shared_ptr<const vggen::dataset> coloured(int count) {
  bytes pixels = some_bytes(static_cast<std::size_t>(count) * 5 * 7 * 3);
  for (std::size_t i = 0; i < pixels.size(); i += 3) {
    pixels[i + 1] = static_cast<std::uint8_t>((pixels[i] * 3 + pixels[i + 1]) / 4);
    pixels[i + 2] = static_cast<std::uint8_t>((pixels[i] + pixels[i + 2]) / 4);
  }
  return std::make_shared<const vggen::memory_dataset>(vggen::picture_extent{3, 5, 7}, pixels,
                                                       std::vector<int>(static_cast<std::size_t>(count)),
                                                       vggen::numbered_classes(1));
}

TEST_CASE("mean, deviation and covariance are those of a naive computation") {
  const auto set = coloured(100);
  const vggen::image_statistics found = find_statistics(*set);
  CHECK(found.channels == 3);
  CHECK(found.pixels == 100 * 5 * 7);
  std::array<double, 3> mean{};
  matrix3 covariance{};
  for (std::int64_t i = 0; i < 100; ++i) {
    const vggen::image picture = set->read(i);
    for (std::size_t v = 0; v < picture.pixels.size(); ++v)
      mean[v % 3] += picture.pixels[v] / 255.0 / 3500;
  }
  for (std::int64_t i = 0; i < 100; ++i) {
    const vggen::image picture = set->read(i);
    for (std::size_t p = 0; p < picture.pixels.size(); p += 3)
      for (std::size_t c = 0; c < 3; ++c)
        for (std::size_t d = 0; d < 3; ++d)
          covariance[c][d] +=
              (picture.pixels[p + c] / 255.0 - mean[c]) * (picture.pixels[p + d] / 255.0 - mean[d]) / 3500;
  }
  const auto &[variances, vectors] = found.colours;
  for (std::size_t c = 0; c < 3; ++c) {
    CHECK(found.mean[c] == doctest::Approx(mean[c]).epsilon(1e-12));
    CHECK(found.deviation[c] == doctest::Approx(std::sqrt(covariance[c][c])).epsilon(1e-12));
    for (std::size_t d = 0; d < 3; ++d) { // the covariance is V^T diag V
      double again = 0;
      for (std::size_t k = 0; k < 3; ++k)
        again += vectors[k][c] * variances[k] * vectors[k][d];
      CHECK(std::abs(again - covariance[c][d]) < 1e-14);
    }
  }
}

TEST_CASE("principal components: descending, at right angles, of length one") {
  const auto check = [](const matrix3 &a) {
    const auto found = vggen::find_principal_components(a);
    CHECK(found.variances[0] >= found.variances[1]);
    CHECK(found.variances[1] >= found.variances[2]);
    CHECK(found.variances[2] >= 0);
    for (std::size_t k = 0; k < 3; ++k) {
      double largest = 0;
      for (std::size_t c = 0; c < 3; ++c) {
        double product = 0;
        for (std::size_t d = 0; d < 3; ++d)
          product += a[c][d] * found.vectors[k][d];
        CHECK(std::abs(product - found.variances[k] * found.vectors[k][c]) < 1e-14);
        if (std::abs(found.vectors[k][c]) > std::abs(largest)) largest = found.vectors[k][c];
      }
      CHECK(largest > 0);
      for (std::size_t l = 0; l < 3; ++l) {
        double product = 0;
        for (std::size_t c = 0; c < 3; ++c)
          product += found.vectors[k][c] * found.vectors[l][c];
        CHECK(std::abs(product - (k == l ? 1 : 0)) < 1e-14);
      }
    }
    return found;
  };
  CHECK(check({}).variances == std::array<double, 3>{});
  CHECK(check({{{1, 0, 0}, {0, 3, 0}, {0, 0, 2}}}).variances == std::array<double, 3>{3, 2, 1});
  CHECK(check({{{2, 1, 0}, {1, 2, 0}, {0, 0, 2}}}).variances[0] == doctest::Approx(3));
  check({{{1, 1, 1}, {1, 1, 1}, {1, 1, 1}}}); // of rank one, as grey pictures have it
  check({{{0.06, 0.055, 0.05}, {0.055, 0.058, 0.052}, {0.05, 0.052, 0.06}}});
  check({{{1, 1e-9, 0}, {1e-9, 1, 1e-300}, {0, 1e-300, 1e-12}}});
}

TEST_CASE("a picture of one colour varies not at all, exactly") {
  bytes pixels;
  for (int i = 0; i < 7 * 11; ++i)
    pixels.insert(pixels.end(), {201, 3, 77});
  const vggen::memory_dataset set({3, 7, 11}, pixels, {0}, {"a"});
  const auto found = find_statistics(set);
  CHECK(found.mean[0] == 201.0 / 255);
  CHECK(found.deviation == std::array<double, 3>{});
  CHECK(found.colours.variances == std::array<double, 3>{});
}

TEST_CASE("one channel is grey") {
  const auto set = coloured(10);
  const auto found = find_statistics(*set, {.channels = 1});
  double sum = 0;
  double squares = 0;
  for (std::int64_t i = 0; i < 10; ++i) {
    const vggen::image picture = set->read(i);
    for (std::size_t p = 0; p < picture.pixels.size(); p += 3) {
      const double grey =
          (19595 * picture.pixels[p] + 38470 * picture.pixels[p + 1] + 7471 * picture.pixels[p + 2] + 32768) /
          65536;
      sum += grey;
      squares += grey * grey;
    }
  }
  CHECK(found.mean[0] == doctest::Approx(sum / 350 / 255).epsilon(1e-12));
  CHECK(found.deviation[0] ==
        doctest::Approx(std::sqrt(squares / 350 - (sum / 350) * (sum / 350)) / 255).epsilon(1e-9));
  CHECK(found.mean[1] == 0);
}

TEST_CASE("Fashion-MNIST's are the published 0.2860 and 0.3530") {
  const auto set = vggen::open_idx("/usr/share/datasets/fashion-mnist", vggen::dataset_part::training);
  const auto found = find_statistics(*set, {.channels = 1, .threads = 2});
  CHECK(std::round(found.mean[0] * 1e4) == 2860);
  CHECK(std::round(found.deviation[0] * 1e4) == 3530);
  CHECK(found.pixels == 60000 * 784);
}

TEST_CASE("the same bits on any number of threads; progress reaches the end") {
  const auto set = coloured(333);
  const auto base = find_statistics(*set);
  for (const int threads : {2, 3, 8}) {
    CAPTURE(threads);
    std::int64_t last = 0;
    const auto caller = std::this_thread::get_id();
    const auto found =
        find_statistics(*set, {.threads = threads, .progress = [&](std::int64_t done, std::int64_t all) {
                                 CHECK(std::this_thread::get_id() == caller);
                                 CHECK(done > last);
                                 CHECK(all == 333);
                                 last = done;
                               }});
    CHECK(last == 333);
    CHECK(found.mean == base.mean);
    CHECK(found.deviation == base.deviation);
    CHECK(found.colours.variances == base.colours.variances);
    CHECK(found.colours.vectors == base.colours.vectors);
  }
}

TEST_CASE("exceptions of progress end the work") {
  const auto set = coloured(333);
  const auto work = [&] {
    return find_statistics(
        *set, {.threads = 3, .progress = [](std::int64_t, std::int64_t) { throw std::logic_error("x"); }});
  };
  CHECK_THROWS_AS(static_cast<void>(work()), std::logic_error);
}

TEST_CASE("unreadable pictures: the first one's error, or left out") {
  const temporary_folder folder;
  fs::create_directories(folder.path / "a");
  for (int i = 10; i < 60; ++i) {
    const fs::path path = folder.path / "a" / (std::to_string(i) + ".png");
    if (i == 25 || i == 45)
      store(path, {'x'});
    else
      vggen::write_png(path, some_image(3, 4, static_cast<std::uint32_t>(i)));
  }
  const auto set = vggen::open_folder(folder.path);
  for (const int threads : {1, 4})
    check_error([&] { return find_statistics(*set, {.threads = threads}); }, error_code::unsupported,
                "25.png");
  const auto found = find_statistics(*set, {.threads = 4, .unreadable = vggen::unreadable_images::skip});
  CHECK(found.unreadable == 2);
  CHECK(found.pixels == 48 * 12);
}

TEST_CASE("options out of range and empty sets are refused") {
  const auto set = coloured(1);
  const auto refused = [](const vggen::dataset &of, const vggen::statistics_options &how,
                          const std::string &part) {
    check_error([&] { return find_statistics(of, how); }, error_code::invalid_argument, part);
  };
  refused(*set, {.channels = 2}, "found 2 channels");
  refused(*set, {.threads = 0}, "0 threads");
  refused(*set, {.threads = 1025}, "1025 threads");
  refused(vggen::memory_dataset({3, 1, 1}, {}, {}, {"a"}), {}, "found no readable image among 0");
}

} // namespace
